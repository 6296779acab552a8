"""Threads over fixed blocks: a thread takes blocks, it never defines them."""

from __future__ import annotations

import os
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from lossfn.core.errors import OptionError, say

SERIAL = 1 << 17


class _Pool:
    threads: int = 0
    executor: ThreadPoolExecutor | None = None


def get_num_threads() -> int:
    """Return how many threads a large call uses.

    Examples
    --------
    >>> import lossfn as lf
    >>> lf.set_num_threads(1)
    >>> lf.get_num_threads()
    1
    """
    if not _Pool.threads:
        given = os.environ.get("LOSSFN_NUM_THREADS", "")
        _Pool.threads = int(given) if given.isdigit() and int(given) else _processors()
    return _Pool.threads


def set_num_threads(threads: int) -> None:
    """Choose how many threads a large call uses; results do not depend on it.

    Raises
    ------
    OptionError
        If `threads` is not a whole number of at least 1.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise OptionError(say("threads", expected="a whole number >= 1", got=repr(threads)))
    _Pool.threads = threads
    _forget()


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _forget() -> None:
    _Pool.executor = None


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_forget)


def share(work: Callable[[int, int], None], total: int, block: int, size: int) -> None:
    """Call work(start, stop) over [0, total) in ranges of whole blocks; `size` says what is worth a thread."""
    threads = min(get_num_threads(), -(-total // block)) if size >= SERIAL else 1
    if threads <= 1:
        work(0, total)
        return
    blocks = -(-total // block)
    step = -(-blocks // threads) * block
    if _Pool.executor is None:
        _Pool.executor = ThreadPoolExecutor(get_num_threads(), thread_name_prefix="lossfn")
    futures = [_Pool.executor.submit(work, s, min(s + step, total)) for s in range(0, total, step)]
    for future in futures:
        future.result()
