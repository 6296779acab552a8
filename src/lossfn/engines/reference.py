"""The reference engine: every shape in plain NumPy, float64, in blocks that stay in the cache."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.batch import Batch
from lossfn.core.dispatch import STEEP, Answer, Ask
from lossfn.core.graph import Node, evaluate
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.core.maps import Map
from lossfn.core.program import Program, trace
from lossfn.core.vocabulary import Vocabulary
from lossfn.engines.exponents import exact_exponents
from lossfn.engines.finish import lost_digits
from lossfn.shapes import distribution, pointwise, row

BLOCK = 1 << 15
LN2_HIGH, LN2_LOW = 6.93147180369123816490e-01, 1.90821492927058770002e-10


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, e) / (1.0 + e))


def _log_cosh(x: Array) -> Array:
    a = np.abs(x)
    near = np.log1p(2.0 * np.sinh(np.minimum(a, 1.0) / 2) ** 2)
    return np.asarray(np.where(a < 1.0, near, a - np.log(2.0) + np.log1p(np.exp(-2.0 * a))))


def _lost_mul(x: Any, y: Any, product: Array) -> Array:
    (a, b), (c, d) = _halves(x), _halves(y)
    return np.asarray(((a * c - product) + a * d + b * c) + b * d)


def _halves(x: Any) -> tuple[Any, Any]:
    grown = x * (2.0**27 + 1.0)
    high = grown - (grown - x)
    return high, x - high


def _lost_log(x: Array, y: Array) -> Array:
    part, k = np.frexp(x)
    part, k = np.where(part < np.sqrt(0.5), 2.0 * part, part), np.where(part < np.sqrt(0.5), k - 1, k)
    return np.asarray((k * LN2_HIGH - y) + (np.log(part) + k * LN2_LOW))


VERBS: dict[str, Callable[..., Any]] = {
    "exp": np.exp,
    "expm1": np.expm1,
    "log": np.log,
    "log1p": np.log1p,
    "sqrt": np.sqrt,
    "abs": np.abs,
    "sign": np.sign,
    "power": np.power,
    "tanh": np.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda x: np.maximum(x, 0.0) + np.log1p(np.exp(-np.abs(x))),
    "log_cosh": _log_cosh,
    "weighted": lambda weight, x: np.where(weight == 0, 0.0, weight * x),
    "minimum": np.minimum,
    "maximum": np.maximum,
    "where": np.where,
    "equal": np.equal,
    "either": np.logical_or,
    "negate": np.logical_not,
    "lost_mul": _lost_mul,
    "lost_log": _lost_log,
}


class NumPyVerbs(Vocabulary):
    """The vocabulary on NumPy arrays."""

    def apply(self, verb: str, *args: Any) -> Any:
        """Carry out one verb."""
        return VERBS[verb](*args)


M = NumPyVerbs()


def run(loss: Loss, batch: Batch, ask: Ask) -> Answer:
    """Run a loss block by block."""
    program, rows = trace(loss), batch.target if batch.axis == 0 else batch.predictions[0]
    block = _pointwise if isinstance(loss, Pointwise) else _row if isinstance(loss, Row) else _distribution
    gradient, hessian = batch.outputs(ask)
    terms = np.empty(batch.terms, batch.dtype) if ask.keep else None
    total, flat = 0.0, batch.axis == 0
    with np.errstate(all="ignore"):
        for part in _blocks(batch.terms, 1 if flat else rows.shape[1]):
            value, slopes, curvatures = block(loss, program, batch, part, ask)
            weight = None if batch.weight is None else batch.weight.reshape(-1)[part]
            poison = _poison(program, loss, batch, part) if ask.check else False
            value = _curved(slopes, curvatures, weight) if ask.sound else _times(value, weight)
            total += float(
                np.where(poison & (value == value) if weight is None else poison & (weight != 0), np.nan, value).sum()
            )
            if terms is not None:
                terms[part] = value
            for out, result in zip((*gradient, *hessian), (*slopes, *curvatures), strict=True):
                (out.reshape(-1) if flat else out)[part] = _times(result, weight, ask.scale)
    return Answer(total, terms, gradient, hessian)


def _curved(slopes: list[Any], curvatures: list[Any], weight: Array | None) -> Array:
    """Add the second derivatives; NaN where one is negative or a slope too large."""
    total: Any = 0.0
    for slope, bent in zip(slopes, curvatures, strict=True):
        weighed = _times(bent, weight)
        total = total + np.where((abs(_times(slope, weight)) < STEEP) & (weighed >= 0.0), weighed, np.nan)
    return np.asarray(total)


def change(plan: Map, arrays: Sequence[Array], numbers: Sequence[float]) -> None:
    """Write the new values of arrays over the old ones, block by block."""
    fixed = dict(zip(plan.numbers, numbers, strict=True))
    for part in _blocks(len(arrays[0]), 1):
        views = {name: array[part] for name, array in zip(plan.arrays, arrays, strict=True)}
        with np.errstate(all="ignore"):
            found = evaluate(list(plan.results.values()), M, {**views, **fixed})
        for name, result in zip(plan.results, found, strict=True):
            views[name][:] = result


def contract(a: Array, b: Array, out: Array) -> None:
    """Add a product over several axes to `out`, windows written out a few at a time."""
    for part in _blocks(len(b), math.prod(b.shape[1:])):
        some = np.moveaxis(np.moveaxis(a, out.ndim - 1, 0)[part], 0, out.ndim - 1)
        for rows in _blocks(len(a), some[0].size):
            out[rows] += np.tensordot(some[rows], b[part], b.ndim - 1)


def largest(windows: Array, out: Array, place: Array) -> None:
    """Write the largest number of each window, and which it was."""
    out[:], place[:] = -np.inf, 0
    for turn, tap in enumerate(np.ndindex(windows.shape[3:5])):
        numbers = windows[:, :, :, *tap]
        wins = (numbers > out) | np.isnan(numbers)
        np.copyto(out, numbers, where=wins)
        place[wins] = turn


def hand_back(slope: Array, place: Array, windows: Array) -> None:
    """Add the slope of each window to the number in its place."""
    for turn, tap in enumerate(np.ndindex(windows.shape[3:5])):
        windows[:, :, :, *tap] += np.where(place == turn, slope, 0)


def _blocks(terms: int, width: int) -> Iterator[slice]:
    step = max(1, BLOCK // width)
    return (slice(start, min(start + step, terms)) for start in range(0, terms, step))


def _times(x: Any, weight: Array | None, scale: float = 1.0) -> Array:
    if weight is None:
        return np.asarray(x * scale)
    weight = weight.reshape(weight.shape + (1,) * (np.ndim(x) - 1))
    return np.asarray(np.where(weight == 0, 0.0, x * (weight * scale)))


def _wide(array: Array, part: slice) -> Array:
    return np.asarray((array.flat if array.ndim != 1 else array)[part], dtype=np.float64)


def _bound(loss: Loss, setting: Callable[[str, Any], Any]) -> dict[str, Any]:
    return {name: setting(name, value) for name, value in loss.settings().items()}


def _pointwise(loss: Loss, program: Program, batch: Batch, part: slice, ask: Ask) -> tuple[Any, list[Any], list[Any]]:
    inputs, settings = _pointwise_inputs(loss, batch, part)
    roots = pointwise.roots(program, ask.wrt, ask.pairs)
    value, lost, bent = _filled(roots, inputs | settings, inputs["target"], batch)
    return value + lost, bent[: len(ask.wrt)], bent[len(ask.wrt) :]


def _pointwise_inputs(loss: Loss, batch: Batch, part: slice) -> tuple[dict[str, Any], dict[str, Any]]:
    inputs = {n: _wide(a, part) for n, a in zip(loss.inputs, (*batch.predictions, batch.target), strict=True)}
    shape = batch.target.shape
    return inputs, _bound(loss, lambda n, v: _wide(np.broadcast_to(v, shape), part) if np.ndim(v) else float(v))


def _row(loss: Any, program: Program, batch: Batch, part: slice, ask: Ask) -> tuple[Any, list[Any], list[Any]]:
    logits, labels = np.ascontiguousarray(batch.predictions[0][part], np.float64), batch.target[part]
    legal = (labels >= 0) & (labels < logits.shape[1])
    labels = np.where(legal, labels, 0)
    taken = _bound(loss, lambda n, v: v[labels] if np.ndim(v) else float(v))
    table = getattr(loss, "class_weight", None)
    s = (
        row.gathered(logits, labels)
        if loss.takes == "log_probs"
        else row.statistics(logits, labels, 1.0 if table is None else table)
    )
    inputs = {name: getattr(s, name) for name in loss.inputs} | {"log_prob lost": s.log_prob_lost}
    names = loss.inputs if ask.order > 0 else ()
    pairs = [(a, b) for a in loss.inputs for b in loss.inputs] if ask.order > 1 else []
    value, lost, bent = _filled(pointwise.roots(program, names, pairs), inputs | taken, labels, batch)
    value, slopes = np.where(legal, value + lost, np.nan), dict(zip(names, bent, strict=False))
    gradient = [row.gradient(s, slopes)] if ask.order > 0 else []
    curvatures = dict(zip(pairs, bent[len(names) :], strict=True))
    return value, gradient, [row.hessian(s, slopes, curvatures)] if ask.order > 1 else []


def _filled(
    roots: Sequence[Node], inputs: dict[str, Any], like: Array, batch: Batch
) -> tuple[Array, Array, list[Array]]:
    """Return the value, what its steps lost, and the derivatives."""
    # Where results are rounded to float32, the last digits of a value or of an exponent do not show.
    known, wide = frozenset(inputs), batch.dtype == np.float64
    roots = [lost_digits(roots[0], known) if wide else roots[0].tracer.constant(0.0), *roots]
    found = evaluate(exact_exponents(roots, known) if wide else roots, M, inputs)
    lost, value, *bent = (np.broadcast_to(np.asarray(v, dtype=np.float64), like.shape) for v in found)
    return value, lost, bent


def _distribution(loss: Any, program: Program, batch: Batch, part: slice, ask: Ask) -> tuple[Any, list[Any], list[Any]]:
    scores, target = (np.ascontiguousarray(a[part], np.float64) for a in (batch.predictions[0], batch.target))
    log_q, q, lost = distribution.softmax(scores) if loss.takes == "logits" else (scores, None, 0.0)
    inputs = {"log_prob": log_q, "log_prob lost": lost, "target": target} | _bound(loss, lambda n, v: v)
    name = "target" if ask.wrt == ("target",) else "log_prob"
    roots = pointwise.roots(program, [name] * (ask.order > 0), [(name, name)] * (ask.order > 1))
    shares, digits, slopes = _filled(roots, inputs, target, batch)
    value = shares.sum(axis=1) + digits.sum(axis=1)
    if q is None or name == "target":
        return value, slopes[:1], slopes[1:]
    gradient = [distribution.gradient(q, slopes[0])] if ask.order > 0 else []
    return value, gradient, [distribution.hessian(q, log_q, *slopes)] if ask.order > 1 else []


def _poison(program: Program, loss: Loss, batch: Batch, part: slice) -> Any:
    if program.outside is None:
        return np.False_
    if isinstance(loss, Pointwise):
        inputs, settings = _pointwise_inputs(loss, batch, part)
        return np.asarray(evaluate([program.outside], M, inputs | settings)[0])
    inputs = {"target": batch.target[part].astype(np.float64)}
    return np.asarray(evaluate([program.outside], M, inputs)[0]).any(axis=-1)
