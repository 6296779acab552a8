"""Any loss as `jax.numpy` operations, traced or not.

Nothing here looks at values: a row with an illegal label, or a value outside its domain, is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np

from lossfn.core import arrays
from lossfn.core.errors import ShapeError, say
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.engines.derivatives import Derivative
from lossfn.engines.jax import M, formula, log_softmax, log_sum_exp
from lossfn.jax.inputs import is_float, joint, stand_in, wide
from lossfn.jax.sums import mean

Array = jax.Array
Statistics = Callable[[Any, Array, Array], dict[str, Array]]  # of loss, scores, labels


class Terms(NamedTuple):
    """Terms before they are weighed, their weights if any, and a class weight of the labels that a mean divides by."""

    terms: Array
    weight: Array | None
    divisor: Array | None = None

    def weighed(self) -> Array:
        """Return the terms times their weights; a zero weight wins over anything."""
        if self.weight is None:
            return self.terms
        return jnp.where(self.weight == 0, 0.0, self.weight.astype(self.terms.dtype) * self.terms)

    def denominator(self) -> Array:
        """Return what a mean divides by."""
        ones = jnp.ones(self.terms.shape, wide()) if self.divisor is None else self.divisor
        return jnp.sum(ones if self.weight is None else ones * self.weight, dtype=wide())


def terms_of(
    loss: Loss, predictions: Sequence[Array], target: Array, weight: Array | None, axis: int, check: bool
) -> Terms:
    """Return the terms of a loss in at least float32."""
    loss = loss.resolve(stand_in(predictions[0]), stand_in(target), axis)
    dtype = _computed_in(*predictions, target)
    wide_predictions = [p.astype(dtype) for p in predictions]
    if isinstance(loss, Pointwise):
        return _pointwise(loss, wide_predictions, target.astype(dtype), weight, check)
    _class_axis(predictions[0], axis)
    scores = jnp.moveaxis(wide_predictions[0], axis, -1)
    if isinstance(loss, Row):
        return rows(loss, scores, target, weight, check, scores.shape[-1], statistics)
    arrays.same_shape(stand_in(predictions[0]), stand_in(target))
    return _distribution(loss, scores, jnp.moveaxis(target.astype(dtype), axis, -1), weight, check)


def _computed_in(*given: Array) -> Any:
    return jnp.promote_types(jnp.float32, joint(*given))


def _class_axis(prediction: Array, axis: int) -> None:
    if not -prediction.ndim <= axis < prediction.ndim or not prediction.shape[axis]:
        got = f"shape {prediction.shape}, axis={axis}"
        raise ShapeError(say("prediction", expected="an axis of at least one class", got=got))


def _pointwise(loss: Loss, predictions: Sequence[Array], target: Array, weight: Array | None, check: bool) -> Terms:
    if len(predictions) != len(loss.predictions):
        names = ", ".join(loss.predictions)
        raise ShapeError(say("prediction", expected=f"a tuple ({names})", got=f"{len(predictions)} arrays"))
    for name, other in zip((*loss.predictions[1:], "target"), (*predictions[1:], target), strict=True):
        arrays.same_shape(stand_in(predictions[0]), stand_in(other), name)
    weights = _weights(weight, target.shape)
    inputs = [_masked(x, weights) for x in (*predictions, target)]
    return Terms(_evaluated(loss, dict(zip(loss.inputs, inputs, strict=True)), weights, check), weights)


def rows(
    loss: Any, scores: Array, target: Array, weight: Array | None, check: bool, classes: int, statistics: Statistics
) -> Terms:
    """Return the terms of a row loss from the statistics of its rows."""
    shape = scores.shape[:-1]
    if target.shape != shape or is_float(target):
        arrays.as_labels(stand_in(target), shape, classes)
    labels = target.astype(jnp.int64 if target.dtype.itemsize == 8 else jnp.int32)
    weights = _weights(weight, shape)
    if loss.ignore_index is not None:
        valid = labels != loss.ignore_index
        weights = valid.astype(scores.dtype) if weights is None else weights * valid
        labels = jnp.where(valid, labels, 0)
    legal = (labels >= 0) & (labels < classes)
    labels = jnp.where(legal, labels, 0)
    inputs = statistics(loss, _masked(scores, weights), labels)

    def of_label(table: Any) -> Array:
        return jnp.broadcast_to(jnp.asarray(table, scores.dtype), classes)[labels]

    taken = {name: of_label(table) for name, table in tables_of(loss).items()}
    terms = _spoiled(_evaluated(loss, inputs, weights, check, taken), ~legal, weights)
    table = getattr(loss, "class_weight", None)
    return Terms(terms, weights, None if table is None else of_label(table))


def tables_of(loss: Loss) -> dict[str, Any]:
    """Return the array hyperparameters of a loss."""
    return {name: value for name, value in loss.settings().items() if isinstance(value, np.ndarray)}


def statistics(loss: Any, scores: Array, labels: Array) -> dict[str, Array]:
    """Return what the formula of a row loss reads: its statistics of each row."""
    at_label = partial(jnp.take_along_axis, indices=labels[..., None], axis=-1)
    if loss.takes == "log_probs":
        log_prob = at_label(scores)[..., 0]
        return {"log_prob": log_prob, **dict.fromkeys(loss.inputs[1:], jnp.zeros_like(log_prob))}
    log_q = log_softmax(scores)
    share = shares(loss, scores, scores.shape[-1])
    return {
        "log_prob": at_label(log_q)[..., 0],
        "log_sum_exp": log_sum_exp(scores),
        "mean_log_prob": jnp.where(share == 0, 0.0, share * jnp.where(share == 0, 0.0, log_q)).sum(-1),
    }


def shares(loss: Any, scores: Array, classes: int, start: Any = 0) -> Array:
    """Return what each class from `start` on adds to the mean over classes: nothing where its logit is -inf."""
    table = getattr(loss, "class_weight", None)
    full = jnp.broadcast_to(jnp.asarray(1.0 if table is None else table, scores.dtype) / classes, classes)
    here = jax.lax.dynamic_slice(full, (start,), scores.shape[-1:])
    return jnp.where(scores > -jnp.inf, here, 0.0)


def _distribution(loss: Any, scores: Array, target: Array, weight: Array | None, check: bool) -> Terms:
    weights = _weights(weight, scores.shape[:-1])
    each = None if weights is None else weights[..., None]
    scores, target = _masked(scores, each), _masked(target, each)
    log_q = log_softmax(scores) if loss.takes == "logits" else scores
    return Terms(_evaluated(loss, {"log_prob": log_q, "target": target}, each, check).sum(-1), weights)


def _evaluated(
    loss: Loss, inputs: dict[str, Array], weight: Array | None, check: bool, taken: dict[str, Array] | None = None
) -> Array:
    first = next(iter(inputs.values()))
    if taken is None:
        taken = {n: jnp.broadcast_to(jnp.asarray(v, first.dtype), first.shape) for n, v in tables_of(loss).items()}
    given = inputs | taken
    what, values = Derivative(loss, tuple(given)), tuple(given.values())
    outside = what.outside(M, tuple(map(jax.lax.stop_gradient, values))) if check else None
    return _spoiled(formula(what, *values), outside, weight)


def _spoiled(value: Array, wrong: Array | None, weight: Array | None) -> Array:
    # NaN in value and slope, unless a zero weight hides it.
    if wrong is None:
        return value
    return value * jnp.where(wrong if weight is None else wrong & (weight != 0), jnp.nan, 1.0)


def _weights(weight: Array | None, shape: tuple[int, ...]) -> Array | None:
    if weight is None or weight.shape == shape:
        return weight
    if weight.ndim != 1 or weight.shape != shape[:1]:
        arrays.as_weight(stand_in(weight), shape)
    return jnp.broadcast_to(weight.reshape(weight.shape + (1,) * (len(shape) - 1)), shape)


def _masked(x: Array, weight: Array | None) -> Array:
    # What a zero weight hides may be NaN: it must not reach a formula, whose slope would be 0·NaN.
    if weight is None:
        return x
    mask = weight == 0
    return jnp.where(mask if mask.ndim == x.ndim else mask[..., None], 0.0, x)


def reduced(found: Terms, reduction: str, empty: str) -> Array:
    """Return the reduced value; a mean of nothing is 0 where `empty` is "zero", else NaN."""
    weighed = found.weighed()
    if reduction == "none":
        return weighed
    total = weighed.sum(dtype=wide())
    return total if reduction == "sum" else mean(total, found.denominator(), empty)
