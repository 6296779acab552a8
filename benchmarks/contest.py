"""Ours against others at one work: first the same numbers, then the time."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple

import malloc
import numpy as np
from figure import Bound, Figure
from timing import Budget, Call, Times, interleave, median, ratio


class Side(NamedTuple):
    """One contestant: a call that makes new arrays, one that reuses them, and its result as NumPy arrays."""

    fresh: Call
    recycled: Call
    arrays: Callable[[Any], tuple[Any, ...]]


@dataclass(frozen=True)
class Contest:
    """A work, who does it, and the bounds of the cells: "torch fresh" -> at_least(8)."""

    work: str
    ours: Side
    peers: Mapping[str, Side]
    bounds: Mapping[str, Bound]
    copy: Call | None = None
    unit: float = 1e-3
    turn: int = 1
    tolerance: float = 1e-4


UNITS = {1e-3: "ms", 1e-6: "µs"}


def measure(contest: Contest, budget: Budget) -> list[Figure]:
    """Check that all sides agree, then time them with fresh memory and with recycled memory."""
    agree(contest)
    figures = _figures(contest, "fresh", _times(contest, "fresh", budget))
    if malloc.recycle():
        figures += _figures(contest, "recycled", _times(contest, "recycled", budget))
    return figures


def agree(contest: Contest) -> None:
    """Raise unless every side computes the same numbers."""
    ours, peers = contest.ours, contest.peers
    for memory in ("fresh", "recycled"):
        expected = ours.arrays(getattr(ours, memory)())
        for name, side in peers.items():
            _close(expected, side.arrays(getattr(side, memory)()), f"{contest.work}: {name}, {memory}", contest)


def _close(expected: tuple[Any, ...], got: tuple[Any, ...], what: str, contest: Contest) -> None:
    for mine, theirs in zip(expected, got, strict=True):
        size = float(np.abs(mine).max())
        np.testing.assert_allclose(
            theirs, mine, rtol=contest.tolerance, atol=contest.tolerance * size / 10, err_msg=what
        )


def _times(contest: Contest, memory: str, budget: Budget) -> Times:
    calls = {name: getattr(side, memory) for name, side in {"lossfn": contest.ours, **contest.peers}.items()}
    if contest.copy is not None and memory == "recycled":
        calls["copy"] = contest.copy
    return interleave(calls, budget, contest.turn)


def _figures(contest: Contest, memory: str, times: Times) -> list[Figure]:
    cells = [(f"lossfn {memory}", median(times, "lossfn") / contest.unit, UNITS[contest.unit])]
    cells += [(f"{name} {memory}", ratio(times, name, "lossfn"), "×") for name in contest.peers]
    if "copy" in times:
        cells += [("copies", ratio(times, "lossfn", "copy"), "×")]
    return [Figure(contest.work, column, x, unit, contest.bounds.get(column)) for column, x, unit in cells]
