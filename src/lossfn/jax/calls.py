"""The questions of `lossfn.core.calls`, answered for JAX arrays: compiled once for a loss and its shapes."""

from __future__ import annotations

from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from lossfn.core import calls
from lossfn.core.errors import OptionError, say
from lossfn.core.loss import Loss
from lossfn.core.reduction import known_empty
from lossfn.jax import slopes
from lossfn.jax.inputs import explain, joint, stand_in, together, wide
from lossfn.jax.sums import ArraySum
from lossfn.jax.terms import reduced, terms_of

Array = jax.Array


def value(
    loss: Loss,
    prediction: Any,
    target: Any,
    sample_weight: Any,
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
) -> Array:
    """Answer a plain call."""
    given = together(loss, prediction, target, sample_weight)
    found: Array = _value(loss, calls.known(reduction), axis, known_empty(empty), check, *given)
    if check:
        explain(loss, found, given, axis, empty)
    return found


@partial(jax.jit, static_argnums=range(5))
def _value(loss: Loss, reduction: str, axis: int, empty: str, check: bool, *given: Any) -> Array:
    predictions, target, weight = given
    found = reduced(terms_of(loss, predictions, target, weight, axis, check), reduction, empty)
    return found.astype(joint(*predictions, target))


def value_and_grad(
    loss: Loss,
    prediction: Any,
    target: Any,
    sample_weight: Any,
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
    wrt: str,
    out: Any,
) -> tuple[Array, Any]:
    """Answer `value_and_grad`."""
    if out is not None:
        raise OptionError(say("out", expected="None: JAX arrays are never written", got=f"a {type(out).__name__}"))
    calls.need_derivatives(loss, "gradient")
    given = together(loss, prediction, target, sample_weight)
    calls.wrt_names(loss.resolve(stand_in(given[0][0]), stand_in(given[1]), axis), wrt)
    options = (calls.known(reduction), axis, known_empty(empty), check)
    found, gradients = slopes.value_and_slopes(loss, *options, wrt, *given)
    if check:
        explain(loss, found, given, axis, empty)
    return found, _one_or_all(gradients)


def grad_and_hess(
    loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool
) -> tuple[Any, Any]:
    """Answer `grad_and_hess`."""
    calls.need_derivatives(loss, "hessian")
    given = together(loss, prediction, target, sample_weight)
    gradients, diagonals = slopes.slopes_and_diagonals(loss, axis, check, *given)
    if check:
        explain(loss, gradients[0], given, axis, "zero")
    return _one_or_all(gradients), _one_or_all(diagonals)


def hessian_matrix(loss: Loss, prediction: Any, target: Any, sample_weight: Any, check: bool) -> Array:
    """Answer `hessian_matrix`."""
    calls.need_derivatives(loss, "hessian")
    given = together(loss, prediction, target, sample_weight)
    found: Array = slopes.matrix(loss, check, *given)
    if check:
        explain(loss, found, given, -1, "zero")
    return found


def accumulate(loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool) -> ArraySum:
    """Answer `accumulate`: total, denominator and count are arrays."""
    given = together(loss, prediction, target, sample_weight)
    found: ArraySum = _accumulated(loss, axis, check, *given)
    if check:
        explain(loss, jnp.asarray(found.total), given, axis, "zero")
    return found


@partial(jax.jit, static_argnums=range(3))
def _accumulated(loss: Loss, axis: int, check: bool, *given: Any) -> ArraySum:
    predictions, target, weight = given
    found = terms_of(loss, predictions, target, weight, axis, check)
    counted = jnp.ones(found.terms.shape, bool) if found.weight is None else found.weight != 0
    total = found.weighed().sum(dtype=wide())
    return ArraySum(total, found.denominator(), counted.sum())  # type: ignore[arg-type]  # arrays in place of numbers


def _one_or_all(found: tuple[Array, ...]) -> Any:
    return found[0] if len(found) == 1 else found
