"""Laws of one term: what its value, slope and curvature have to do with each other."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
from lossfn.explain.cases import CENTRAL, FORWARD, Array, Case, difference, room, sides

from lossfn.core.domain import REAL, Interval
from lossfn.core.graph import order
from lossfn.core.kinds import Pointwise
from lossfn.core.program import trace
from lossfn.explain.agree import agree, demand

FAR = 10.0 ** np.array([3, 10, 30, 100, 300])


def values(case: Case) -> None:
    """Ordinary terms are finite in value and slopes; no member of the domain, however far out, gives NaN."""
    parts: list[Callable[[Case], Array]] = [Case.values]
    if case.loss.differentiable:
        parts += [Case.slopes, Case.curvatures]
    ordinary = replace(case, points=case.points, target=case.target)
    inside = np.all([room(domain, case.points[k]) > 0 for k, domain in case.coordinates()], axis=0)
    for part in parts:
        demand(
            bool(np.isfinite(part(ordinary))[..., inside].all()), f"{part.__name__} are not finite on ordinary terms"
        )
        for size in FAR:
            far = _far(case, size)
            agree(far, f"{part.__name__} far out", np.isnan(part(far)) * 1.0, np.zeros(1))


def _far(case: Case, size: float) -> Case:
    points = case.points.copy()
    for k, domain in case.coordinates():
        if getattr(domain, "high", np.inf) == np.inf and case.loss.inputs != ("log_prob", "target"):
            sign = np.sign(points[k]) if getattr(domain, "low", 0.0) == -np.inf else 1.0
            points[k] = np.where(np.arange(points.shape[1]) % 2 == 0, size * sign, points[k])
    return replace(case, points=points)


def gradient(case: Case) -> None:
    """The gradient is the slope of the value."""
    if case.loss.differentiable:
        _compare(case, "prediction", "gradient (the slope of the value)", Case.values, lambda k: case.slopes()[k])


def target_slope(case: Case) -> None:
    """The slope in the target is the slope of the value, where the target is a number."""
    if case.loss.differentiable and any(True for _ in case.coordinates("target")):
        _compare(case, "target", "slope in the target", Case.values, lambda k: case.slopes("target")[k])


def hessian(case: Case) -> None:
    """The hessian is the slope of the gradient."""
    if not case.loss.differentiable:
        return
    for k, domain in case.coordinates():

        def slope(moved: Case, k: int = k) -> Array:
            return moved.slopes()[k]

        what, scale = "hessian (the slope of the gradient)", room(domain, case.points[k])
        _along(case, "prediction", k, scale, what, slope, case.curvatures()[k])


def _compare(case: Case, wrt: str, what: str, answer: Callable[[Case], Array], got: Callable[[int], Array]) -> None:
    for k, domain in case.coordinates(wrt):
        x = (case.points if wrt == "prediction" else case.target)[k]
        _along(case, wrt, k, room(domain, x), what, answer, got(k))


def _along(case: Case, wrt: str, k: int, scale: Array, what: str, answer: Callable[[Case], Array], got: Array) -> None:
    """Compare with differences along one coordinate, wherever no condition changes within reach."""
    reach = np.array([[-2.0], [-1.0], [0.0], [1.0], [2.0]]) * 2.0**-6 * scale
    found = sides(case.moved(wrt, k, reach)).reshape(-1, 5, len(got))
    smooth = (scale > 0) & (found == found[:, :1]).all(axis=(0, 1))
    expected, error = difference(case, wrt, k, scale, answer)
    sure = error <= np.maximum(1e-5 * np.maximum(abs(expected), abs(got)), 1e-9)
    demand((smooth & sure).sum() >= len(got) / 8, f"{what}: too few terms where differences are exact enough to tell")
    agree(case, what, got, expected, 8 * error + 1e-8 * abs(expected), smooth & sure)


def kinks(case: Case) -> None:
    """Where a condition changes, the gradient lies between the slopes of the two sides, and is theirs beside it."""
    if not case.loss.differentiable:
        return
    for k, domain in case.coordinates():
        left = _found(case, k, Interval(-np.inf, np.inf) if domain == REAL else domain)
        if left is not None:
            _two_sided(left, replace(left, points=_next(left.points, k)), k)


def _found(case: Case, k: int, domain: object) -> Case | None:
    """Return terms moved along coordinate k to the last number before a condition changes, found by bisection."""
    x, terms = case.points[k], case.points.shape[1]
    ends = np.clip(
        x + np.linspace(-8, 8, 34)[:, None], getattr(domain, "low", -np.inf), getattr(domain, "high", np.inf)
    )
    found = sides(case.moved("prediction", k, ends - x)).reshape(-1, len(ends), terms)
    which, step, term = np.nonzero(found[:, 1:] * found[:, :-1] < 0)
    if len(which) == 0:
        return None
    some = np.unique(np.linspace(0, len(which) - 1, 4 * case.columns * (32 // case.columns)).astype(int))
    which, step, term = which[some], step[some], term[some]
    low, high = ends[step, term], ends[step + 1, term]
    spread = Case(case.loss, case.points[:, term], case.target[:, term])
    if case.columns > 1:
        return None
    side = found[which, step, term]
    for _ in range(1100):
        middle = low + (high - low) / 2
        if ((middle <= low) | (middle >= high)).all():
            break
        before = sides(_at(spread, k, middle))[which, np.arange(len(which))] == side
        low, high = np.where(before, middle, low), np.where(before, high, middle)
    return _at(spread, k, low)


def _at(case: Case, k: int, x: Array) -> Case:
    points = case.points.copy()
    points[k] = x
    return replace(case, points=points)


def _next(points: Array, k: int) -> Array:
    moved = points.copy()
    moved[k] = np.nextafter(moved[k], np.inf)
    return moved


def _two_sided(left: Case, right: Case, k: int) -> None:
    scale = np.full(left.points.shape[1], 2.0**-4)
    before, error_before = difference(left, "prediction", k, scale, Case.values, FORWARD * [[-1], [-1]])
    after, error_after = difference(right, "prediction", k, scale, Case.values, FORWARD)
    error = 8 * (error_before + error_after) + 1e-7 * np.maximum(abs(before), abs(after))
    sure = (error <= 1e-4 * np.maximum(1.0, np.maximum(abs(before), abs(after)))) & _alone(left, right, k)
    low, high = np.minimum(before, after) - error, np.maximum(before, after) + error
    for case in (left, right):
        got = case.slopes()[k]
        agree(case, "gradient on a kink", got, np.clip(got, low, high), 0.0, sure)
    for case, expected, off in ((left, before, -(2.0**-30)), (right, after, 2.0**-30)):
        beside = _at(case, k, case.points[k] + off)
        bend = abs(beside.curvatures()[k]) * abs(off) * 2
        agree(beside, "gradient beside a kink", beside.slopes()[k], expected, error + bend, sure & np.isfinite(bend))


def _alone(left: Case, right: Case, k: int) -> Array:
    """Tell where no other condition changes within the reach of the differences."""
    reach = np.array([[2.0**-30], [2.0**-8]]) * np.ones(left.points.shape[1])
    alone: Array = np.ones(left.points.shape[1], bool)
    for case, side in ((left, -1), (right, 1)):
        found = sides(case.moved("prediction", k, side * reach)).reshape(-1, 2, len(alone))
        alone &= (found[:, 0] == found[:, 1]).all(axis=0)
    return alone


def ends(case: Case) -> None:
    """At the closed ends of a domain nothing is NaN, and where the value is finite the gradient is its slope."""
    for k, domain in case.coordinates():
        for end, inward in ((getattr(domain, "low", -np.inf), 1), (getattr(domain, "high", np.inf), -1)):
            if not np.isfinite(end) or end not in domain:  # type: ignore[operator]
                continue
            there = _at(case, k, np.full(case.points.shape[1], end))
            value = there.values()
            agree(there, "value at the end of the domain", np.isnan(value) * 1.0, np.zeros(1))
            if case.loss.differentiable:
                expected, error = difference(
                    there, "prediction", k, np.full(len(value), 0.125), Case.values, FORWARD * inward
                )
                sure = np.isfinite(value) & (error <= 1e-4 * np.maximum(1.0, abs(expected)))
                agree(there, "gradient at the end of the domain", there.slopes()[k], expected, 8 * error + 1e-7, sure)


def convex(case: Case) -> None:
    """A loss that declares itself convex lies nowhere above its chords."""
    if not case.loss.convex:
        return
    for scale in (1.0, 16.0):
        widened = [np.where(domain == REAL, scale, 1.0) for _, domain in case.coordinates()]
        here = replace(case, points=case.points * np.stack(widened)[:, None])
        there = replace(here, points=np.roll(here.points, 5 * case.columns, axis=1))
        middle = replace(case, points=here.points / 2 + there.points / 2)
        a, b, got = here.values() / 2, there.values() / 2, middle.values()
        agree(middle, "value above the chord", got, np.minimum(got, a + b), 1e-12 * (abs(a) + abs(b) + 1.0))


def shift(case: Case) -> None:
    """A constant added to all logits of a row changes nothing, and the gradient of a row adds up to 0."""
    reads = {node.name for node in order([trace(case.loss).value]) if node.verb == "input"}
    if isinstance(case.loss, Pointwise) or case.loss.takes != "logits" or "log_sum_exp" in reads:
        return
    for constant in (1024.0, -(2.0**20)):
        moved, scale = replace(case, points=case.points + constant), 1e-11
        agree(case, "value after a shift", moved.values(), case.values(), scale * (1 + abs(case.values())))
        agree(case, "gradient after a shift", moved.slopes(), case.slopes(), scale)
        agree(case, "hessian after a shift", moved.curvatures(), case.curvatures(), scale)
    agree(
        case,
        "sum of a row's gradient",
        case.slopes().sum(axis=0),
        np.zeros(1),
        1e-12 * (1 + abs(case.slopes()).sum(axis=0)),
    )


__all__ = ["CENTRAL", "convex", "ends", "gradient", "hessian", "kinks", "shift", "target_slope", "values"]
