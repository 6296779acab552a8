"""Slopes of a function by differences at several distances, from both sides.

Where right and left slope stay apart as the distance shrinks, there is a kink between them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
STEPS, RATIO = 6, 8.0


@dataclass(frozen=True)
class Slopes:
    """What differences say of each element: the slope, its uncertainty, slopes of both sides, kinks."""

    slope: Array
    doubt: Array
    left: Array
    right: Array
    kink: Array


def measure(value: Callable[[Array], float], at: Array, epsilon: float) -> Slopes:
    """Measure the slope in each element of `at`; `epsilon` is the precision the value is computed with."""
    here = value(at)
    found = np.array([_element(value, at, place, here, epsilon) for place in np.ndindex(at.shape)])
    slope, doubt, left, right, kink = found.reshape(at.size, 5).T.reshape(5, *at.shape)
    return Slopes(slope, doubt, left, right, kink != 0)


def _element(
    value: Callable[[Array], float], at: Array, place: tuple[int, ...], here: float, epsilon: float
) -> tuple[float, float, float, float, bool]:
    steps = 0.02 * max(1.0, abs(float(at[place]))) * (epsilon / 2.0**-52) ** 0.3 * RATIO ** -np.arange(STEPS)
    ahead, behind = (np.array([_moved(value, at, place, side * h) for h in steps]) for side in (1.0, -1.0))
    right, left = (ahead - here) / steps, (here - behind) / steps
    size = np.abs([here, *ahead[np.isfinite(ahead)], *behind[np.isfinite(behind)]]).max()
    noise = 4.0 * epsilon * size / steps
    slope, doubt = _extrapolated((right + left) / 2.0, noise)
    gap, apart = np.abs(right - left), _stay_apart(np.abs(right - left), noise)
    near = int(np.argmin(np.where(gap > 16.0 * noise, steps, np.inf))) if apart else -1
    return slope, doubt, float(left[near]), float(right[near]), apart


def _moved(value: Callable[[Array], float], at: Array, place: tuple[int, ...], step: float) -> float:
    moved = at.copy()
    moved[place] += step
    return value(moved)


def _extrapolated(central: Array, noise: Array) -> tuple[float, float]:
    """Richardson's step between neighbours; the pair that agrees best decides."""
    better = central[1:] + (central[1:] - central[:-1]) / (RATIO**2 - 1.0)
    doubt = np.abs(better - central[1:]) + noise[1:]
    best = int(np.argmin(np.where(np.isfinite(doubt), doubt, np.inf)))
    return float(better[best]), float(doubt[best])


def _stay_apart(gap: Array, noise: Array) -> bool:
    """Tell whether the gap between both sides stops shrinking while it still stands out of the noise."""
    clear = np.flatnonzero(gap > 16.0 * noise)
    if len(clear) < 2:
        return False
    last = clear[-1]
    return bool(last >= 2 and gap[last] > 0.5 * gap[last - 1] > 0.25 * gap[last - 2])
