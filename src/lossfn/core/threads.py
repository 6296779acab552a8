"""How many threads a large call may use; results never depend on it."""

from __future__ import annotations

import os

from lossfn.core.errors import OptionError, say

_setting = {"threads": 0}


def get_num_threads() -> int:
    """Return how many threads a large call uses.

    Examples
    --------
    >>> import lossfn as lf
    >>> lf.set_num_threads(1)
    >>> lf.get_num_threads()
    1
    """
    return _setting["threads"] or _given() or _processors()


def set_num_threads(threads: int) -> None:
    """Choose how many threads a large call uses; results do not depend on it.

    Raises
    ------
    OptionError
        If `threads` is not a whole number of at least 1.
    """
    if isinstance(threads, bool) or not isinstance(threads, int) or threads < 1:
        raise OptionError(say("threads", expected="a whole number >= 1", got=repr(threads)))
    _setting["threads"] = threads


def _given() -> int:
    given = os.environ.get("LOSSFN_NUM_THREADS", "")
    return int(given) if given.isdigit() else 0


def _processors() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
