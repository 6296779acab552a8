"""Gradients and second derivatives of a loss, compiled once for a loss and its shapes."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss
from lossfn.jax.inputs import floating, joint
from lossfn.jax.terms import reduced, terms_of

Array = jax.Array


@partial(jax.jit, static_argnums=range(6))
def value_and_slopes(
    loss: Loss, reduction: str, axis: int, empty: str, check: bool, wrt: str, *given: Any
) -> tuple[Array, tuple[Array, ...]]:
    """Return the reduced value, or the terms, and the gradient of their sum."""
    predictions, target, weight = given

    def summed(*moving: Array) -> tuple[Array, Array]:
        now, aim = (predictions, moving[0]) if wrt == "target" else (moving, target)
        found = reduced(terms_of(loss, now, aim, weight, axis, check), reduction, empty)
        return found.sum(), found.astype(joint(*predictions, target))

    moving = tuple(map(floating, (target,) if wrt == "target" else predictions))
    (_, found), slopes = jax.value_and_grad(summed, argnums=tuple(range(len(moving))), has_aux=True)(*moving)
    return found, slopes


@partial(jax.jit, static_argnums=range(3))
def slopes_and_diagonals(loss: Loss, axis: int, check: bool, *given: Any) -> tuple[tuple[Array, ...], ...]:
    """Return gradients and diagonals of the hessian of the sum, one for each prediction."""
    predictions = tuple(map(floating, given[0]))
    slope = _slope(loss, axis, check, *given[1:])
    diagonals = (_diagonal(loss, slope, predictions, place, axis) for place in range(len(predictions)))
    return slope(*predictions), tuple(diagonals)


@partial(jax.jit, static_argnums=range(2))
def matrix(loss: Loss, check: bool, *given: Any) -> Array:
    """Return the second derivatives between the predictions of each element."""
    predictions = tuple(map(floating, given[0]))
    slope = _slope(loss, -1, check, *given[1:])
    along = (_along(predictions, place, jnp.ones_like(one)) for place, one in enumerate(predictions))
    return jnp.stack([jnp.stack(jax.jvp(slope, predictions, moved)[1], -1) for moved in along], -1)


def _slope(loss: Loss, axis: int, check: bool, target: Array, weight: Any) -> Callable[..., Any]:
    def total(*predictions: Array) -> Array:
        return terms_of(loss, predictions, target, weight, axis, check).weighed().sum()

    return lambda *predictions: jax.grad(total, argnums=tuple(range(len(predictions))))(*predictions)


def _along(predictions: tuple[Array, ...], place: int, direction: Array) -> tuple[Array, ...]:
    return tuple(direction if i == place else jnp.zeros_like(p) for i, p in enumerate(predictions))


def _diagonal(loss: Loss, slope: Callable[..., Any], predictions: tuple[Array, ...], place: int, axis: int) -> Array:
    # Elements do not depend on each other: one direction of ones has every diagonal entry. Classes do: one each.
    one = predictions[place]

    def bent(direction: Array) -> Array:
        found: Array = jax.jvp(slope, predictions, _along(predictions, place, direction))[1][place]
        return found

    if isinstance(loss, Pointwise):
        return bent(jnp.ones_like(one))
    classes = jax.lax.broadcasted_iota(jnp.int32, one.shape, axis % one.ndim)

    def filled(k: Any, found: Array) -> Array:
        return jnp.where(classes == k, bent((classes == k).astype(one.dtype)), found)

    diagonal: Array = jax.lax.fori_loop(0, one.shape[axis], filled, jnp.zeros_like(one))
    return diagonal
