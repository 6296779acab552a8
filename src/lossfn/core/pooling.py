"""The largest number of each window, to be found by an engine."""

from __future__ import annotations

from lossfn.core.arrays import Array
from lossfn.core.dispatch import engine
from lossfn.core.errors import ShapeError, say


def largest(windows: Array, out: Array, place: Array) -> None:
    """Write the largest number of each window, and which it was.

    Among equals it is the first; a NaN is larger than any number.

    `windows` is a view of float32 or float64 of shape (N, down, right, height, width, channels), the channels side by
    side; `out`, of its dtype, and `place`, of int32, have shape (N, down, right, channels) and are contiguous.
    """
    _require(windows, out, place)
    engine().largest(windows, out, place)


def hand_back(slope: Array, place: Array, windows: Array) -> None:
    """Add the slope of each window to the number in its `place`: `windows` is a view of the slopes in what it saw."""
    _require(windows, slope, place)
    engine().hand_back(slope, place, windows)


def _require(windows: Array, *others: Array) -> None:
    expected = (*windows.shape[:3], windows.shape[5])
    for other in others:
        if other.shape != expected:
            raise ShapeError(say("slope of the windows", expected=f"shape {expected}", got=other.shape))
