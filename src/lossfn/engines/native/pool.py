"""Threads over fixed blocks: a thread takes blocks, it never defines them."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from lossfn.core.threads import get_num_threads

if TYPE_CHECKING:
    from concurrent.futures import ThreadPoolExecutor

SERIAL = 1 << 17
_executors: dict[int, ThreadPoolExecutor] = {}

if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_executors.clear)


def share(work: Callable[[int, int], None], total: int, block: int, size: int) -> None:
    """Call work(start, stop) over [0, total) in ranges of whole blocks; `size` says what is worth a thread."""
    blocks = -(-total // block)
    threads = min(get_num_threads(), blocks) if size >= SERIAL else 1
    if threads <= 1:
        work(0, total)
        return
    step = -(-blocks // threads) * block
    futures = [_executor(threads).submit(work, start, min(start + step, total)) for start in range(0, total, step)]
    for future in futures:
        future.result()


def _executor(threads: int) -> ThreadPoolExecutor:
    from concurrent.futures import ThreadPoolExecutor

    if threads not in _executors:
        _executors[threads] = ThreadPoolExecutor(threads, thread_name_prefix="lossfn")
    return _executors[threads]
