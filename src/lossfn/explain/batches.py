"""Laws of a batch: weights, reductions, order, dtypes, engines and the loss as an object."""

from __future__ import annotations

import copy
import pickle
import sys
from dataclasses import fields, replace
from importlib import import_module
from typing import Any

import numpy as np
from lossfn.explain.cases import Array, Case

from lossfn.core.dispatch import ENGINES, using
from lossfn.core.domain import Choice, Interval
from lossfn.core.errors import LossfnError
from lossfn.core.kinds import Pointwise, Row
from lossfn.explain.agree import agree, demand

CLOSE = 4e-15


def _all(case: Case, **options: Any) -> dict[str, Array]:
    """Return everything a loss says of its terms."""
    found = {"value": case.values(**options)}
    if case.loss.differentiable:
        found["gradient"], found["hessian"] = case.slopes(**options), case.curvatures(**options)
    return found


def nan(case: Case) -> None:
    """NaN in a prediction gives NaN in that term or row, and in no other."""
    clean, last = _all(case), case.points.shape[1] - 2
    others = np.arange(last + 2) != last
    for k, _ in case.coordinates():
        points = case.points.copy()
        linear = not isinstance(case.loss, Pointwise) and case.loss.takes == "log_probs"
        points[slice(None) if linear else k, last] = np.nan
        dirty = _all(replace(case, points=points))
        for what, got in dirty.items():
            agree(case, f"{what} beside a NaN", got, clean[what], 0.0, others)
            if what == "value" or not (linear or what == "hessian"):
                own = got[last] if what == "value" else got[k, last]
                demand(bool(np.isnan(own)), f"{what} of a term with a NaN prediction: expected NaN, got {own}")


def weights(case: Case) -> None:
    """A weight multiplies value, gradient and hessian of its term, and a mean divides by the weights."""
    rng = np.random.default_rng(1)
    weight = rng.choice([0.0, 0.5, 1.0, 3.0], case.rows)
    terms = np.repeat(weight, case.columns)
    clean = _all(case)
    for shape in {weight.shape, case.values().shape if case.columns == 1 else (case.rows, case.columns)}:
        given = weight if shape == weight.shape else terms.reshape(shape)
        for what, got in _all(case, sample_weight=given).items():
            agree(case, f"weighted {what}", got, clean[what] * terms, CLOSE * abs(clean[what] * terms))
    divisor = (terms * _of_label(case)).sum()
    mean = case.loss(*case.arguments(), sample_weight=weight, reduction="mean")
    _total(case, "weighted mean", mean, clean["value"] * terms / divisor)
    if case.loss.differentiable:
        got, expected = case.slopes(sample_weight=weight, reduction="mean"), clean["gradient"] * terms / divisor
        agree(case, "gradient of a weighted mean", got, expected, CLOSE * abs(expected))
    ones, plain = case.loss(*case.arguments(), sample_weight=np.ones(case.rows)), case.loss(*case.arguments())
    _total(case, "mean under weights of 1", ones, np.array([plain]))


def _of_label(case: Case) -> Array:
    """Return what each term adds to the divisor of an unweighted mean."""
    counted = np.ones(case.points.shape[1])
    if isinstance(case.loss, Row):
        table, labels = getattr(case.loss, "class_weight", None), case.target[0]
        ignored = labels == case.loss.ignore_index
        counted = np.where(
            ignored, 0.0, counted if table is None else np.broadcast_to(table, len(case.points))[labels * ~ignored]
        )
    return counted


def zero_weight(case: Case) -> None:
    """A term of weight 0 may hold anything: its value and slopes are exactly 0, all others as if it were absent."""
    points, weight = case.points.copy(), np.ones(case.points.shape[1])
    for place, poison in ((1, np.nan), (2, np.inf), (4, -np.inf)):
        points[:, place], weight[place] = poison, 0.0
    shaped = weight.reshape(-1, case.columns) if case.columns > 1 else weight
    clean, dirty = _all(case), _all(replace(case, points=points), sample_weight=shaped)
    for what, got in dirty.items():
        agree(
            case, f"{what} beside hidden terms", got, np.where(weight == 0, 0.0, clean[what]), CLOSE * abs(clean[what])
        )
        demand(bool((got[..., weight == 0] == 0).all()), f"{what} of a term of weight 0 is not 0")
    mean = case.loss(*replace(case, points=points).arguments(), sample_weight=shaped)
    _total(case, "mean beside hidden terms", mean, (clean["value"] / (weight * _of_label(case)).sum())[weight > 0])


def reduction(case: Case) -> None:
    """Sum and mean are those of the terms, and so are their gradients; a `LossSum` holds the same."""
    terms, total = case.values(), _of_label(case).sum()
    for name, divisor in (("sum", 1.0), ("mean", total)):
        _total(case, name, case.loss(*case.arguments(), reduction=name), terms / divisor)
        if case.loss.differentiable:
            value, _ = case.loss.value_and_grad(*case.arguments(), reduction=name)
            _total(case, f"{name} beside a gradient", value, terms / divisor)
            expected = case.slopes() / divisor
            agree(case, f"gradient of the {name}", case.slopes(reduction=name), expected, CLOSE * abs(expected))
    part = case.loss.accumulate(*case.arguments())
    _total(case, "total of a LossSum", part.total, terms)
    agree(case, "denominator of a LossSum", np.array([part.denominator]), np.array([total]), CLOSE * total)
    counted = int((_of_label(case) > 0).sum()) if not hasattr(case.loss, "class_weight") else part.count
    demand(part.count == counted, f"count of a LossSum: expected {counted}, got {part.count}")


def _total(case: Case, what: str, got: Any, terms: Array) -> None:
    agree(case, what, np.array([got], np.float64), np.array([terms.sum()]), 1e-13 * (abs(terms).sum() + 1e-300))


def order(case: Case) -> None:
    """A term's result does not depend on its place in the batch, to the last bit."""
    rows = np.random.default_rng(2).permutation(case.rows)
    terms = (rows[:, None] * case.columns + np.arange(case.columns)).reshape(-1)
    clean = _all(case)
    for what, got in _all(case.take(rows)).items():
        agree(case.take(rows), f"{what} in another order", got, clean[what][..., terms])
    whole = case.loss(*case.arguments())
    _total(case, "mean in another order", case.loss(*case.take(rows).arguments()), np.array([whole]))


def split(case: Case) -> None:
    """The parts of a batch give the same terms, and their `LossSum`s add up to the whole's."""
    cut, rows = case.rows // 3, np.arange(case.rows)
    parts, clean = [case.take(rows[:cut]), case.take(rows[cut : cut + 1]), case.take(rows[cut + 1 :])], _all(case)
    found = [_all(part) for part in parts]
    for what, whole in clean.items():
        agree(case, f"{what} of the parts", np.concatenate([f[what] for f in found], axis=-1), whole)
    joined, whole = sum(p.loss.accumulate(*p.arguments()) for p in parts), case.loss.accumulate(*case.arguments())
    _total(case, "total of the parts", joined.total, np.array([whole.total]))
    counts = (joined.count, round(joined.denominator, 9)), (whole.count, round(whole.denominator, 9))
    demand(counts[0] == counts[1], f"count and denominator of the parts: expected {counts[1]}, got {counts[0]}")


def inputs(case: Case) -> None:
    """Read-only arguments are accepted, and left as they are."""
    prediction, target = case.arguments()
    several = prediction if isinstance(prediction, tuple) else (prediction,)
    before = [a.tobytes() for a in (*several, target)]
    case.loss(prediction, target)
    demand(before == [a.tobytes() for a in (*several, target)], "a call wrote into its arguments")
    for array in (*several, target):
        array.setflags(write=False)
    case.loss(prediction, target)
    if case.loss.differentiable:
        case.loss.value_and_grad(prediction, target)
        case.loss.grad_and_hess(prediction, target)


def options(case: Case) -> None:
    """Every hyperparameter is read: another value gives another result, or is refused."""
    for spec in fields(case.loss):
        if spec.name in ("reduction", "terms"):
            continue
        others = _others(spec, getattr(case.loss, spec.name), len(case.points), case.columns)
        changed = any(_differs(case, spec.name, other) for other in others)
        demand(changed or not others, f"{spec.name} changes nothing: no value or gradient differs for {others}")


def _others(spec: Any, value: Any, classes: int, columns: int) -> list[Any]:
    if spec.metadata.get("choices"):
        return [choice for choice in spec.metadata["choices"] if choice != value]
    if spec.metadata.get("array"):
        size = max(classes, columns)
        return [np.linspace(0.25, 0.75, size) if np.ndim(value) else 0.25, np.linspace(0.5, 0.875, size)]
    domain = spec.metadata.get("domain")
    if "float" in str(spec.type) or isinstance(value, float):
        domain = Interval() if domain is None else domain
        return [v for v in domain.sample(np.random.default_rng(3), (4,)).tolist() if v != value]
    return [0, 1] if "int" in str(spec.type) else []


def _differs(case: Case, name: str, other: Any) -> bool:
    changed = replace(case, loss=replace(case.loss, **{name: other}))
    try:
        after = [changed.values()] + ([changed.slopes()] if case.loss.differentiable else [])
    except LossfnError:
        return True
    before = [case.values()] + ([case.slopes()] if case.loss.differentiable else [])
    return any(not np.array_equal(a, b, equal_nan=True) for a, b in zip(before, after, strict=True))


def copies(case: Case) -> None:
    """Copies are equal, hash and print alike, and differ from a loss with other hyperparameters."""
    loss, made = case.loss, [copy.copy(case.loss), copy.deepcopy(case.loss)]
    owner: Any = sys.modules.get(type(loss).__module__)
    for part in type(loss).__qualname__.split("."):
        owner = getattr(owner, part, None)
    if owner is type(loss):
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
        demand(spec.name in ("reduction", "terms") or f"{spec.name}={shown}" in repr(loss), f"repr hides {spec.name}")


def dtypes(case: Case) -> None:
    """Narrow floats give what float64 gives on the same numbers, to the last digit they can hold."""
    for dtype in _narrow():
        rounded = replace(case, points=case.points.astype(dtype).astype(np.float64), target=_rounded(case, dtype))
        truth, arguments = _all(rounded), rounded.arguments(dtype)
        terms = case.loss(*arguments, reduction="none")
        demand(terms.dtype == dtype, f"value of {dtype} input: expected dtype {dtype}, got {terms.dtype}")
        _narrowly(rounded, "value", dtype, np.asarray(terms, np.float64).reshape(-1), truth["value"])
        if case.loss.differentiable:
            gradient, hessian = case.loss.grad_and_hess(*arguments)
            first = gradient[0] if isinstance(gradient, tuple) else gradient
            demand(first.dtype == dtype, f"gradient of {dtype} input: expected dtype {dtype}, got {first.dtype}")
            _narrowly(rounded, "gradient", dtype, case.folded(gradient), truth["gradient"])
            _narrowly(rounded, "hessian", dtype, case.folded(hessian), truth["hessian"])


def _narrow() -> list[Any]:
    try:
        import ml_dtypes
    except ImportError:
        return [np.dtype(np.float32), np.dtype(np.float16)]
    return [np.dtype(np.float32), np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)]


def _rounded(case: Case, dtype: Any) -> Array:
    return case.target if isinstance(case.loss, Row) else case.target.astype(dtype).astype(np.float64)


def _narrowly(case: Case, what: str, dtype: Any, got: Array, truth: Array) -> None:
    eps, tiny, top = _precision(dtype)
    with np.errstate(all="ignore"):
        expected = truth.astype(dtype).astype(np.float64)
    finite = np.isfinite(truth) & (abs(truth) < top)
    size = abs(truth)[finite].max(initial=0.0)
    agree(
        case,
        f"{what} in {dtype}",
        got,
        np.where(finite, truth, expected),
        eps * (2 * abs(truth) + size / 32) + tiny,
        finite,
    )
    agree(case, f"{what} in {dtype}", np.isnan(got) * 1.0, np.isnan(truth) * 1.0)


def _precision(dtype: Any) -> tuple[float, float, float]:
    if dtype.name == "bfloat16":
        return 2.0**-7, 2.0**-133, 3.38e38
    info = np.finfo(dtype)
    return float(info.eps), float(info.smallest_subnormal), float(info.max)


def engines(case: Case) -> None:
    """Every engine gives what the reference gives, in float64."""
    with using("reference"):
        truth = _all(case)
    for name in available():
        with using(name):
            found = _all(case)
        for what, got in found.items():
            size = np.where(np.isfinite(truth[what]), abs(truth[what]), 0.0)
            agree(
                case, f"{what} of the engine {name!r}", got, truth[what], 1e-13 * size + 1e-15 * size.max(initial=0.0)
            )


def available() -> list[str]:
    """Return the names of the engines that can run here."""
    names = []
    for name, module in ENGINES.items():
        try:
            if hasattr(import_module(module), "run"):
                names.append(name)
        except ImportError:
            continue
    return names


__all__ = ["Choice", "available"]
