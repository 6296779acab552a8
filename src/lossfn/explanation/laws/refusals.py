"""Laws of refusals: what is not a prediction, a label or a shape is named and refused."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.domain import Choice
from lossfn.core.errors import DomainError, ShapeError, TargetError
from lossfn.core.kinds import Row
from lossfn.explanation.laws.agree import agree, demand, refuses
from lossfn.explanation.laws.case import Case
from lossfn.explanation.laws.slopes import gradient

PLACE = 6


def domains(case: Case) -> None:
    """A number outside its domain is refused by name and place; under weight 0, or unchecked, it is not."""
    agree(case, "value without a check", case.values(check=False), case.values())
    weight = np.where(np.arange(case.terms) == PLACE, 0.0, 1.0)
    for name, domain in case.loss.domains().items():
        for bad in _outside(domain):
            wrong = _with(case, name, bad)
            for asked in (case.loss, case.loss.accumulate):
                refuses(f"{name} of {bad}", DomainError, _call(asked, wrong), name, f"{bad:g}", str(domain))
            unchecked, hidden = wrong.values(check=False), wrong.values(sample_weight=case.shaped(weight))
            agree(case, f"value beside an unchecked {name} of {bad}", unchecked, case.values(), 0.0, weight > 0)
            agree(case, f"value of a hidden {name} of {bad}", hidden[PLACE : PLACE + 1], np.zeros(1))
            mean = wrong.loss(*wrong.arguments(), sample_weight=case.shaped(weight), check=True)
            demand(np.isfinite(mean), f"a hidden {name} of {bad} still counts: the mean is {mean}")


def _with(case: Case, name: str, bad: float) -> Case:
    """Return the terms with one input of one term outside its domain."""
    points, target = case.points.copy(), case.target.copy()
    row = target[0] if name == "target" else points[list(case.loss.predictions).index(name)]
    row[PLACE] = bad
    return replace(case, points=points, target=target)


def _call(asked: Any, case: Case) -> Any:
    return lambda: asked(*case.arguments())


def _outside(domain: Any) -> list[float]:
    if isinstance(domain, Choice):
        return [0.5, 7.0]
    low = [] if domain.low == -np.inf else [domain.low - 0.5] + [domain.low] * domain.low_open
    high = [] if domain.high == np.inf else [domain.high + 0.5] + [domain.high] * domain.high_open
    return low + high


def labels(case: Case) -> None:
    """A label that is no class is refused by row and value, whatever reads it; so is one that is no whole number."""
    if not isinstance(case.loss, Row):
        return
    prediction, target = case.arguments()
    for bad in (-1, len(case.points), 1 << 40):
        wrong = target.copy()
        wrong[PLACE] = bad
        for asked in (case.loss, case.loss.accumulate, case.loss.value_and_grad, case.loss.grad_and_hess):
            refuses(f"a label of {bad}", TargetError, _asking(asked, prediction, wrong), str(bad), f"row {PLACE}")
    refuses("labels of float64", TargetError, _asking(case.loss, prediction, target + 0.5), "float64")


def _asking(asked: Any, prediction: Any, target: Array) -> Any:
    return lambda: asked(prediction, target)


def shapes(case: Case) -> None:
    """Shapes that do not belong together are refused, never broadcast."""
    prediction, target = case.arguments()
    for wrong in (target[:, None], target[:-1], target[None]):
        refuses(f"a target of shape {wrong.shape}", ShapeError, _asking(case.loss, prediction, wrong), "target")
    for weight in (np.ones(case.rows - 1), np.ones((case.rows, case.columns + 1))):
        asked = _weighted(case, weight)
        refuses(f"a weight of shape {weight.shape}", ShapeError, asked, "sample_weight")


def _weighted(case: Case, weight: Array) -> Any:
    return lambda: case.loss(*case.arguments(), sample_weight=weight)


def masks(case: Case) -> None:
    """A masked class (a logit of -inf) leaves a row finite and has a gradient of 0; the others' is still the slope."""
    if not case.couples:
        return
    points, rows = case.points.copy(), np.arange(0, case.terms, 2)
    masked = (case.target[0, rows] + 1) % len(points) if isinstance(case.loss, Row) else 0 * rows
    target = case.target.copy()
    points[masked, rows] = -np.inf
    if not isinstance(case.loss, Row):
        target[masked, rows] = -np.inf if getattr(case.loss, "log_target", False) else 0.0
    there = replace(case, points=points, target=target)
    demand(np.isfinite(there.values()).all(), "a masked class makes a value infinite or NaN")
    for what, found in (("gradient", there.slopes()), ("hessian", there.curvatures())):
        agree(there, f"{what} at a masked class", found[masked, rows], np.zeros(1))
    gradient(there)
