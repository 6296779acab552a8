"""The reference engine: every shape in plain NumPy, float64, in blocks that stay in the cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.graph import evaluate
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.core.program import Program, trace
from lossfn.core.vocabulary import Vocabulary
from lossfn.shapes import distribution, pointwise, row

BLOCK = 1 << 15


def _sigmoid(x: Array) -> Array:
    e = np.exp(-np.abs(x))
    return np.asarray(np.where(x >= 0, 1.0, e) / (1.0 + e))


def _log_cosh(x: Array) -> Array:
    a = np.abs(x)
    near = np.log1p(2.0 * np.sinh(np.minimum(a, 1.0) / 2) ** 2)
    return np.asarray(np.where(a < 1.0, near, a - np.log(2.0) + np.log1p(np.exp(-2.0 * a))))


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
            value = _times(value, weight)
            total += float(
                np.where(poison & (value == value) if weight is None else poison & (weight != 0), np.nan, value).sum()
            )
            if terms is not None:
                terms[part] = value
            for out, result in zip((*gradient, *hessian), (*slopes, *curvatures), strict=True):
                (out.reshape(-1) if flat else out)[part] = _times(result, weight, ask.scale)
    return Answer(total, terms, gradient, hessian)


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
    bound = loss.bind(lambda name, value: settings[name])
    value = np.broadcast_to(bound.apply_formula(M, inputs), inputs["target"].shape)
    shape = value.shape
    slopes, curvatures = pointwise.compute(program, M, inputs | settings, ask.wrt, ask.pairs)
    return value, [np.broadcast_to(s, shape) for s in slopes], [np.broadcast_to(c, shape) for c in curvatures]


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
    inputs = {name: getattr(s, name) for name in loss.inputs}
    value = loss.bind(lambda name, value: taken[name]).apply_formula(M, inputs)
    value = np.where(legal, value, np.nan)
    if ask.order == 0:
        return value, [], []
    slopes = dict(
        zip(loss.inputs, _filled([program.slopes(n) for n in loss.inputs], inputs | taken, labels), strict=True)
    )
    gradient = row.gradient(s, slopes)
    if ask.order == 1:
        return value, [gradient], []
    pairs = [(a, b) for a in loss.inputs for b in loss.inputs]
    bent = dict(zip(pairs, _filled([program.curvatures(*p) for p in pairs], inputs | taken, labels), strict=True))
    return value, [gradient], [row.hessian(s, slopes, bent)]


def _filled(nodes: list[Any], inputs: dict[str, Any], like: Array) -> list[Array]:
    return [np.broadcast_to(np.asarray(v, dtype=np.float64), like.shape) for v in evaluate(nodes, M, inputs)]


def _distribution(loss: Any, program: Program, batch: Batch, part: slice, ask: Ask) -> tuple[Any, list[Any], list[Any]]:
    scores, target = (np.ascontiguousarray(a[part], np.float64) for a in (batch.predictions[0], batch.target))
    log_q, q = distribution.softmax(scores) if loss.takes == "logits" else (scores, None)
    inputs = {"log_prob": log_q, "target": target}
    settings = _bound(loss, lambda n, v: v)
    shares = loss.bind(lambda name, value: settings[name]).apply_formula(M, inputs)
    value = np.broadcast_to(shares, target.shape).sum(axis=1)
    name = "target" if ask.wrt == ("target",) else "log_prob"
    nodes = ([program.slopes(name)] if ask.order > 0 else []) + (
        [program.curvatures(name, name)] if ask.order > 1 else []
    )
    slopes = _filled(nodes, inputs | settings, target)
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
