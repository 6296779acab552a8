"""Laws of a batch: what one term's result has to do with weights, sums and the other terms."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.explanation.laws.agree import CLOSE, agree, demand, total
from lossfn.explanation.laws.case import Case


def nan(case: Case) -> None:
    """NaN in a prediction gives NaN in that term or row, and in no other."""
    clean, last = case.answers(), int(np.flatnonzero(case.shares)[-2])
    others, linear = np.arange(case.terms) != last, case.over_classes and not case.couples
    for k, _ in case.coordinates():
        points = case.points.copy()
        points[slice(None) if linear else k, last] = np.nan
        for what, got in replace(case, points=points).answers().items():
            agree(case, f"{what} beside a NaN", got, clean[what], 0.0, others)
            if what == "value" or (what == "gradient" and not linear):
                own = got[last] if what == "value" else got[k, last]
                demand(np.isnan(own), f"{what} of a term with a NaN prediction: expected NaN, got {own}")


def weights(case: Case) -> None:
    """A weight multiplies value, gradient and hessian of its term, and a mean divides by the weights."""
    weight = np.random.default_rng(1).choice([0.0, 0.5, 1.0, 3.0], case.rows)
    terms, clean = np.repeat(weight, case.columns), case.everything()
    for given in [weight] if case.columns == 1 else [weight, case.shaped(terms)]:
        for what, got in case.everything(sample_weight=given).items():
            expected = np.where(terms == 0, 0.0, clean[what]) * terms
            agree(case, f"weighted {what}", got, expected, CLOSE * np.nan_to_num(abs(expected)))
    divisor = (terms * case.shares).sum()
    mean = case.loss(*case.arguments(), sample_weight=weight, reduction="mean")
    total(case, "weighted mean", mean, clean["value"] * terms / divisor)
    if case.loss.differentiable:
        got, expected = case.slopes(sample_weight=weight, reduction="mean"), clean["gradient"] * terms / divisor
        agree(case, "gradient of a weighted mean", got, expected, CLOSE * abs(expected))
    ones, plain = (case.loss(*case.arguments(), **o) for o in ({"sample_weight": np.ones(case.rows)}, {}))
    total(case, "mean under weights of 1", ones, np.array([plain]))


def zero_weight(case: Case) -> None:
    """A term of weight 0 may hold anything: its value and slopes are exactly 0, all others as if it were absent."""
    points, weight = case.points.copy(), np.ones(case.terms)
    for place, poison in ((1, np.nan), (2, np.inf), (4, -np.inf)):
        points[:, place], weight[place] = poison, 0.0
    _hidden(case, replace(case, points=points), weight, {"sample_weight": case.shaped(weight)})


def ignored(case: Case) -> None:
    """A row whose label is ignored may hold anything: its value and slopes are exactly 0, and it does not count."""
    if not hasattr(case.loss, "ignore_index"):
        return
    label = len(case.points) + 7 if case.loss.ignore_index is None else case.loss.ignore_index
    points, target, weight = case.points.copy(), case.target.copy(), np.ones(case.terms)
    for place, poison in ((0, np.nan), (5, np.inf), (8, -np.inf)):
        points[:, place], target[:, place], weight[place] = poison, label, 0.0
    ignoring = replace(case.loss, ignore_index=label)
    _hidden(case, replace(case, loss=ignoring, points=points, target=target), weight, {})


def _hidden(case: Case, dirty: Case, weight: Array, options: dict[str, Any]) -> None:
    """Compare a batch in which some terms are hidden (their weight is 0) with the clean one."""
    clean = case.answers()
    for what, got in dirty.answers(**options).items():
        expected = np.where(weight == 0, 0.0, clean[what])
        agree(case, f"{what} beside hidden terms", got, expected, CLOSE * abs(expected))
    left = clean["value"][weight > 0]
    mean = dirty.loss(*dirty.arguments(), **options)
    total(case, "mean beside hidden terms", mean, left / (weight * case.shares).sum())
    part = dirty.loss.accumulate(*dirty.arguments(), **options)
    total(case, "total beside hidden terms", part.total, left)
    counted = int(((weight > 0) & _counts(case)).sum())
    demand(part.count == counted, f"count beside hidden terms: expected {counted}, got {part.count}")


def _counts(case: Case) -> Array:
    return np.asarray(case.target[0] != getattr(case.loss, "ignore_index", None)) | np.zeros(case.terms, bool)


def reduction(case: Case) -> None:
    """Sum and mean are those of the terms, and so are their gradients; a `LossSum` holds the same."""
    terms, divisor = case.values(), case.shares.sum()
    for name, scale in (("sum", 1.0), ("mean", 1.0 / divisor)):
        fixed = replace(case.loss, reduction=name)
        total(case, name, case.loss(*case.arguments(), reduction=name), terms * scale)
        total(case, f"{name} fixed at construction", fixed(*case.arguments()), terms * scale)
        if case.loss.differentiable:
            value, gradient = fixed.value_and_grad(*case.arguments())
            total(case, f"{name} beside a gradient", value, terms * scale)
            expected = case.slopes() * scale
            agree(case, f"gradient of the {name}", case.folded(gradient), expected, CLOSE * abs(expected))
    part = case.loss.accumulate(*case.arguments())
    total(case, "total of a LossSum", part.total, terms)
    total(case, "denominator of a LossSum", part.denominator, case.shares)
    counted = int(_counts(case).sum())
    demand(part.count == counted, f"count of a LossSum: expected {counted}, got {part.count}")


def order(case: Case) -> None:
    """A term's result does not depend on its place in the batch, to the last bit."""
    rows = np.random.default_rng(2).permutation(case.rows)
    terms, clean, mixed = case.within(rows), case.answers(), case.take(rows)
    for what, got in mixed.answers().items():
        agree(mixed, f"{what} in another order", got, clean[what][..., terms])
    whole = case.loss(*case.arguments())
    total(case, "mean in another order", case.loss(*mixed.arguments()), np.array([whole]))


def split(case: Case) -> None:
    """The parts of a batch give the same terms, and their `LossSum`s add up to the whole's."""
    cut, rows = case.rows // 3, np.arange(case.rows)
    parts = [case.take(rows[:cut]), case.take(rows[cut : cut + 1]), case.take(rows[cut + 1 :])]
    found = [part.answers() for part in parts]
    for what, whole in case.answers().items():
        agree(case, f"{what} of the parts", np.concatenate([f[what] for f in found], axis=-1), whole)
    joined = sum(part.loss.accumulate(*part.arguments()) for part in parts)
    one = case.loss.accumulate(*case.arguments())
    for name in ("total", "denominator", "count"):
        total(case, f"{name} of the parts", getattr(joined, name), np.array([getattr(one, name)]))


def empty(case: Case) -> None:
    """The mean of nothing is 0 with a gradient of 0, or NaN or an error if the caller says so."""
    loss, nothing = case.loss, case.take(np.arange(0))
    ways: list[tuple[Case, dict[str, Any]]] = [(nothing, {}), (case, {"sample_weight": np.zeros(case.rows)})]
    for hidden, options in ways:
        arguments = hidden.arguments()
        mean, unknown = loss(*arguments, **options), loss(*arguments, empty="nan", **options)
        demand(
            mean == 0 and np.isnan(unknown), f"mean of nothing: expected 0, or NaN on request, got {mean}, {unknown}"
        )
        count = loss.accumulate(*arguments, **options).count
        demand(count == 0, f"count of nothing: expected 0, got {count}")
        if loss.differentiable:
            value, _ = loss.value_and_grad(*arguments, **options)
            demand(value == 0, f"mean of nothing beside a gradient: expected 0, got {value}")
            agree(hidden, "gradient of nothing", hidden.slopes(reduction="mean", **options), np.zeros(1))
