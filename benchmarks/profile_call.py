"""Show where a small call spends its time: `python benchmarks/profile_call.py [--loss NAME] [--weighted]`.

The first line is the time of a call that nobody watches; the table comes from Python's profiler, whose own cost is
in every row. The kernel is in the row of the function that calls it.
"""

from __future__ import annotations

import argparse
import cProfile
import pstats
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
from timing import seconds

import lossfn as lf

CALLS, ROWS = 10_000, 16


def main() -> None:
    """Time a call, then profile it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--loss", default="huber", help="name of a loss of single elements")
    parser.add_argument("--size", type=int, default=1000, help="number of elements")
    parser.add_argument("--weighted", action="store_true", help="with sample weights: the long way of a call")
    given = parser.parse_args()
    call = prepared(given.loss, given.size, given.weighted)
    seconds(call, 100)
    print(f"{1e6 * seconds(call, CALLS):.2f} µs a call")
    print_parts(call)


def prepared(name: str, size: int, weighted: bool) -> Callable[[], Any]:
    """Return a call of value and gradient that reuses its memory."""
    rng = np.random.default_rng(0)
    x, t, out = rng.standard_normal(size, np.float32), np.ones(size, np.float32), np.empty(size, np.float32)
    return partial(lf.get(name).value_and_grad, x, t, out=out, sample_weight=np.ones(size) if weighted else None)


def print_parts(call: Callable[[], Any]) -> None:
    """Print the functions in which most time is spent, in microseconds for one call."""
    with cProfile.Profile() as profile:
        for _ in range(CALLS):
            call()
    parts = pstats.Stats(profile).get_stats_profile().func_profiles
    for name, part in sorted(parts.items(), key=lambda item: -item[1].tottime)[:ROWS]:
        print(f"{1e6 * part.tottime / CALLS:6.2f} µs  {Path(part.file_name).name}:{part.line_number} {name}")


if __name__ == "__main__":
    main()
