"""Contestants take turns, so that a busy machine is as busy for each of them.

The clock counts the processor's time for all threads of the process, page faults included: with one thread that is
the time that passes, less what other programs took.
"""

from __future__ import annotations

import gc
from collections.abc import Callable, Mapping
from time import perf_counter, process_time
from typing import Any, NamedTuple

import numpy as np

Call = Callable[[], Any]
Times = dict[str, np.ndarray]


class Budget(NamedTuple):
    """How long one comparison may last, and how many rounds it has at least and at most."""

    seconds: float
    least: int
    most: int


FULL = Budget(6.0, 7, 1000)
QUICK = Budget(0.5, 3, 100)


def interleave(calls: Mapping[str, Call], budget: Budget, turn: int) -> Times:
    """Return the seconds of each call in each round; a turn is so many calls, another contestant begins each round."""
    order = list(calls)
    for name in order:
        calls[name]()
    times: dict[str, list[float]] = {name: [] for name in order}
    gc.collect()
    gc.disable()
    try:
        end = perf_counter() + budget.seconds
        for played in range(budget.most):
            if played >= budget.least and perf_counter() > end:
                break
            first = played % len(order)
            for name in order[first:] + order[:first]:
                times[name].append(seconds(calls[name], turn))
    finally:
        gc.enable()
    return {name: np.array(taken) for name, taken in times.items()}


def seconds(call: Call, turn: int = 1) -> float:
    """Return how long one of so many calls takes, its result given back."""
    start = process_time()
    for _ in range(turn):
        call()
    return (process_time() - start) / turn


def ratio(times: Times, peer: str, ours: str) -> float:
    """Return the median over the rounds of one time divided by another."""
    return float(np.median(times[peer] / times[ours]))


def median(times: Times, name: str) -> float:
    """Return the median time of one contestant."""
    return float(np.median(times[name]))
