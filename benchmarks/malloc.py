"""Let the C library keep memory that is freed, as `out=` lets a caller keep it."""

from __future__ import annotations

import ctypes
import sys

TRIM_THRESHOLD, MMAP_THRESHOLD = -1, -3  # M_TRIM_THRESHOLD and M_MMAP_THRESHOLD of malloc.h


def recycle() -> bool:
    """Make glibc hand freed buffers out again for the rest of this process; False where it is not glibc.

    By default a buffer above 32 MiB goes back to the system when it is freed, and the next one is paid for in
    page faults. Setting a threshold ends glibc's own adjustment of it for good: what has to be measured under
    the default comes first.
    """
    if not sys.platform.startswith("linux"):
        return False
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    return mallopt is not None and all(mallopt(which, 2**31 - 1) for which in (TRIM_THRESHOLD, MMAP_THRESHOLD))
