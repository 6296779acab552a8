"""Laws of what a loss says of itself: where it is finite, convex, blind to a shift; what its options do."""

from __future__ import annotations

import copy
import pickle
import sys
from collections.abc import Callable
from dataclasses import fields, replace
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.domain import Interval
from lossfn.core.errors import LossfnError
from lossfn.core.graph import order
from lossfn.core.program import trace
from lossfn.explanation.laws.agree import agree, demand
from lossfn.explanation.laws.case import Case
from lossfn.explanation.laws.differences import room
from lossfn.explanation.laws.slopes import gradient

FAR = 10.0 ** np.array([3, 10, 30, 100, 300])
NAMELESS = ("reduction", "terms")


def values(case: Case) -> None:
    """Ordinary terms are finite in value and slopes; no member of the domain, however far out, gives NaN."""
    parts: list[Callable[[Case], Array]] = [Case.values]
    if case.loss.differentiable:
        parts += [Case.slopes, Case.curvatures]
    inside = np.all([room(domain, case.points[k]) > 0 for k, domain in case.coordinates()], axis=0)
    for part in parts:
        found = np.isfinite(part(case))[..., inside]
        demand(found.all(), f"{part.__name__} are not finite on ordinary terms")
        for size in FAR:
            far = _far(case, size)
            agree(far, f"{part.__name__} far out", np.isnan(part(far)) * 1.0, np.zeros(1))


def _far(case: Case, size: float) -> Case:
    points = case.points.copy()
    for k, domain in case.coordinates():
        if getattr(domain, "high", np.inf) == np.inf and (case.couples or not case.over_classes):
            sign = np.sign(points[k]) if getattr(domain, "low", 0.0) == -np.inf else 1.0
            points[k] = np.where(np.arange(case.terms) % 2 == 0, size * sign, points[k])
    return replace(case, points=points)


def convex(case: Case) -> None:
    """A loss that declares itself convex lies nowhere above its chords."""
    if not case.loss.convex:
        return
    for scale in (1.0, 16.0):
        here = case.further(scale)
        there = replace(here, points=np.roll(here.points, 5 * case.columns, axis=1))
        middle = replace(case, points=here.points / 2 + there.points / 2)
        a, b, got = here.values() / 2, there.values() / 2, middle.values()
        agree(middle, "value above the chord", got, np.minimum(got, a + b), 1e-12 * (abs(a) + abs(b) + 1.0))


def shift(case: Case) -> None:
    """A constant added to all logits of a row changes nothing, and the gradient of a row adds up to 0."""
    reads = {node.name for node in order([trace(case.loss).value]) if node.verb == "input"}
    if not case.couples or "log_sum_exp" in reads:
        return
    clean = case.answers()
    for constant in (1024.0, -(2.0**20)):
        for what, got in replace(case, points=case.points + constant).answers().items():
            agree(case, f"{what} after a shift", got, clean[what], 1e-11 * (1 + abs(clean[what])))
    slopes = clean["gradient"]
    agree(case, "sum of a row's gradient", slopes.sum(axis=0), np.zeros(1), 1e-12 * (1 + abs(slopes).sum(axis=0)))


def options(case: Case) -> None:
    """Every hyperparameter is read: another value gives another loss, with the gradient that belongs to it."""
    for name, others in _alternatives(case).items():
        changed = [_differs(case, replace(case, loss=other)) for other in others]
        demand(any(changed) or not others, f"{name} changes nothing: no value or gradient differs for {others}")


def _alternatives(case: Case) -> dict[str, list[Any]]:
    """Return the loss with other values of each hyperparameter; a sum with other factors of its terms."""
    loss, parts = case.loss, getattr(case.loss, "terms", ())
    twice = [(*parts[:i], (2 * factor, term), *parts[i + 1 :]) for i, (factor, term) in enumerate(parts)]
    if parts:
        return {f"factor of {parts[i][1]!r}": [replace(loss, terms=terms)] for i, terms in enumerate(twice)}
    others = {spec.name: _others(spec, getattr(loss, spec.name), case) for spec in fields(loss)[1:]}
    return {name: [replace(loss, **{name: value}) for value in values] for name, values in others.items()}


def _others(spec: Any, value: Any, case: Case) -> list[Any]:
    if spec.metadata.get("choices"):
        return [choice for choice in spec.metadata["choices"] if choice != value]
    if spec.metadata.get("array"):
        size = len(case.points) if case.over_classes else case.columns
        return [np.linspace(0.25, 0.75, size) if np.ndim(value) else 0.25, np.linspace(0.5, 0.875, size)]
    if "float" in str(spec.type) or isinstance(value, float):
        domain = spec.metadata.get("domain") or Interval()
        some = domain.sample(np.random.default_rng(3), (1 if spec.metadata.get("static") else 4,)).tolist()
        return [v for v in some if v != value]
    return [0, 1] if "int" in str(spec.type) else []


def _differs(case: Case, changed: Case) -> bool:
    before = case.values()
    try:
        after = changed.values()
    except LossfnError:
        return True
    if not np.array_equal(after, before, equal_nan=True):
        gradient(changed)
        return True
    return case.loss.differentiable and not np.array_equal(case.slopes(), changed.slopes(), equal_nan=True)


def writing(case: Case) -> None:
    """A target gives the same answers however it is written: labels as 0 and 1 or -1 and 1, shares or their logs."""
    loss, target = case.loss, case.target
    if hasattr(loss, "labels"):
        plain = loss.labels == "01"
        other, written = replace(loss, labels="pm1" if plain else "01"), 2 * target - 1 if plain else (target + 1) / 2
    elif hasattr(loss, "log_target"):
        with np.errstate(divide="ignore"):
            written = np.exp(target) if loss.log_target else np.log(target)
        other = replace(loss, log_target=not loss.log_target)
    else:
        return
    for what, got in replace(case, loss=other, target=written).answers().items():
        expected = case.answers()[what]
        agree(case, f"{what} of the target written as in {other!r}", got, expected, 1e-13 * (1 + abs(expected)))


def copies(case: Case) -> None:
    """Copies are equal, hash and print alike, and differ from a loss with other hyperparameters."""
    loss, made = case.loss, [copy.copy(case.loss), copy.deepcopy(case.loss)]
    if _importable(type(loss)):
        made.append(pickle.loads(pickle.dumps(loss)))
    for other in made:
        same = other == loss and hash(other) == hash(loss) and repr(other) == repr(loss)
        demand(same, f"a copy differs: expected {loss!r}, got {other!r}")
        agree(case, "value of a copy", replace(case, loss=other).values(), case.values())
    other = replace(loss, reduction="none" if loss.reduction == "mean" else "mean")
    demand(other != loss, f"equal in spite of another reduction: {other!r}")
    for spec in fields(loss):
        value = getattr(loss, spec.name)
        shown = repr(value.tolist() if isinstance(value, np.ndarray) else value)
        demand(spec.name in NAMELESS or f"{spec.name}={shown}" in repr(loss), f"repr hides {spec.name}")


def _importable(cls: type) -> bool:
    owner: Any = sys.modules.get(cls.__module__)
    for part in cls.__qualname__.split("."):
        owner = getattr(owner, part, None)
    return owner is cls
