"""What a call may be given, and what is said of values that spoil its result."""

from __future__ import annotations

from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from lossfn.core import calls
from lossfn.core.arrays import Array as NumPyArray
from lossfn.core.errors import DTypeError, say
from lossfn.core.loss import Loss
from lossfn.core.reduction import mean_of_nothing

Array = jax.Array
Given = tuple[tuple[Array, ...], Array, Array | None]  # predictions, target, sample weight


def together(loss: Loss, prediction: Any, target: Any, sample_weight: Any) -> Given:
    """Return the arguments of a call; raise unless all are JAX arrays of real numbers."""
    predictions = tuple(prediction) if isinstance(prediction, tuple | list) else (prediction,)
    names = loss.predictions if len(loss.predictions) == len(predictions) else ("prediction",) * len(predictions)
    named = [*zip(names, predictions, strict=True), ("target", target)]
    for name, array in named if sample_weight is None else [*named, ("sample_weight", sample_weight)]:
        if not isinstance(array, jax.Array):
            expected, got = "a JAX array, as the other arguments are", f"a {type(array).__name__}"
            raise DTypeError(say(name, expected=expected, got=got, fix=f"jax.numpy.asarray({name})"))
        if not jnp.isrealobj(array):
            raise DTypeError(say(name, expected="real numbers", got=f"dtype {array.dtype}", fix=f"{name}.real"))
    return predictions, target, sample_weight


def is_float(array: Array) -> bool:
    """Tell whether the dtype is a floating one."""
    return bool(jnp.issubdtype(array.dtype, jnp.floating))


def floating(array: Array) -> Array:
    """Return an array that has slopes: integers become floats."""
    return array if is_float(array) else array.astype(wide())


def wide() -> Any:
    """Return the widest dtype that JAX is set to use: sums are taken in it."""
    return jnp.result_type(float)


def joint(*given: Array) -> Any:
    """Return the dtype of a value: mixed floats promote, integers follow the floats beside them."""
    floats = [a.dtype for a in given if is_float(a)]
    return jnp.result_type(*floats) if floats else wide()


def stand_in(array: Array) -> NumPyArray:
    """Return an array of that shape that holds nothing, for what asks for shapes and dtypes alone."""
    return np.broadcast_to(np.zeros((), np.float64 if is_float(array) else np.int64), array.shape)


def explain(loss: Loss, found: Array, given: Given, axis: int, empty: str) -> None:
    """Raise if an input is to blame for a NaN, where values can be seen: not while JAX traces."""
    if any(isinstance(leaf, jax.core.Tracer) for leaf in jax.tree.leaves((found, given))):
        return
    weight = given[2]
    sound = weight is None or bool((jnp.isfinite(weight) & (weight >= 0)).all())
    if sound and not bool(jnp.isnan(found).any()):
        return
    predictions, target, weight = jax.tree.map(np.asarray, given)
    prediction = predictions[0] if len(predictions) == 1 else predictions
    served, batch = calls.prepared(loss, prediction, target, weight, axis)
    if not batch.denominator:
        mean_of_nothing(empty)
    calls.explain_nan(served, batch)
