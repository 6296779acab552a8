"""Laws of the places where a formula changes: conditions, and the ends of its domain."""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.explanation.laws.agree import agree
from lossfn.explanation.laws.case import Case
from lossfn.explanation.laws.conditions import sides
from lossfn.explanation.laws.differences import FORWARD, REACH, difference, room

BACKWARD = -FORWARD
SCALE = 2.0**-4
BESIDE = 2.0**-30
GRID = np.linspace(-8, 8, 34)[:, None]
MOST = 128


def kinks(case: Case) -> None:
    """Where a condition changes, the gradient lies between the slopes of the two sides, and is theirs beside it."""
    if not case.loss.differentiable:
        return
    for part in map(case.column, range(case.columns)):
        for k, domain in part.coordinates():
            left = _before_changes(part, k, domain)
            left = left.take(np.flatnonzero(room(domain, left.points[k]) > 2 * BESIDE))
            if left.terms:
                _two_sided(left, left.at(k, np.nextafter(left.points[k], np.inf)), k, domain)


def _before_changes(case: Case, k: int, domain: Any) -> Case:
    """Return terms moved along coordinate k to the last number before a condition changes, found by bisection."""
    x = case.points[k]
    grid = np.clip(x + GRID, getattr(domain, "low", -np.inf), getattr(domain, "high", np.inf))
    found = sides(case.moved("prediction", k, grid - x)).reshape(-1, len(grid), case.terms)
    which, step, term = np.nonzero(found[:, 1:] * found[:, :-1] < 0)
    some = np.unique(np.linspace(0, max(len(which) - 1, 0), MOST).astype(int))[: len(which)]
    which, step, term = which[some], step[some], term[some]
    low, high, side = grid[step, term], grid[step + 1, term], found[which, step, term]
    spread = Case(case.loss, case.points[:, term], case.target[:, term])
    while True:
        middle = low + (high - low) / 2
        inside = (low < middle) & (middle < high)
        if not inside.any():
            return spread.at(k, low)
        before = sides(spread.at(k, middle))[which, np.arange(len(which))] == side
        low, high = np.where(inside & before, middle, low), np.where(inside & ~before, middle, high)


def _two_sided(left: Case, right: Case, k: int, domain: Any) -> None:
    scale = np.minimum(SCALE, room(domain, left.points[k]) / (2 * REACH["forward"]))
    before, error_before = difference(left, "prediction", k, scale, Case.values, BACKWARD)
    after, error_after = difference(right, "prediction", k, scale, Case.values, FORWARD)
    larger = np.maximum(abs(before), abs(after))
    error = 8 * (error_before + error_after) + 1e-7 * larger
    sure = (error <= 1e-4 * np.maximum(1.0, larger)) & _alone(left, k, -1) & _alone(right, k, 1)
    low, high = np.minimum(before, after) - error, np.maximum(before, after) + error
    for case, expected, off in ((left, before, -BESIDE), (right, after, BESIDE)):
        got = case.slopes()[k]
        agree(case, "gradient on a kink", got, np.clip(got, low, high), 0.0, sure)
        beside = case.at(k, case.points[k] + off)
        bend = abs(beside.curvatures()[k]) * abs(off) * 2
        agree(beside, "gradient beside a kink", beside.slopes()[k], expected, error + bend, sure & np.isfinite(bend))


def _alone(case: Case, k: int, direction: int) -> Array:
    """Tell where no other condition of the value changes within the reach of the differences."""
    reach = direction * np.array([[BESIDE], [REACH["forward"] * SCALE]]) * np.ones(case.terms)
    near, far = np.split(sides(case.moved("prediction", k, reach), slopes=False), 2, axis=1)
    return np.asarray((near == far).all(axis=0))


def ends(case: Case) -> None:
    """At the closed ends of a domain nothing is NaN, and where the value is finite the gradient is its slope."""
    for k, domain in case.coordinates():
        for end, inward in ((getattr(domain, "low", -np.inf), 1), (getattr(domain, "high", np.inf), -1)):
            if np.isfinite(end) and _holds(domain, end):
                _at_end(case.at(k, end), k, inward)


def _holds(domain: Any, x: float) -> bool:
    return x in domain


def _at_end(there: Case, k: int, inward: int) -> None:
    value = there.values()
    agree(there, "value at the end of the domain", np.isnan(value) * 1.0, np.zeros(1))
    if there.loss.differentiable:
        scale = np.full(there.terms, 2 * SCALE)
        expected, error = difference(there, "prediction", k, scale, Case.values, FORWARD * inward)
        sure = np.isfinite(value) & (error <= 1e-4 * np.maximum(1.0, abs(expected)))
        agree(there, "gradient at the end of the domain", there.slopes()[k], expected, 8 * error + 1e-7, sure)
