"""Partial results that JAX traces and adds across devices."""

from __future__ import annotations

import jax
import jax.numpy as jnp

from lossfn.core.reduction import LossSum


@jax.tree_util.register_pytree_node_class
class ArraySum(LossSum):
    """A `LossSum` of arrays: a tree, so that `jax.lax.psum` adds it over devices.

    Examples
    --------
    >>> import jax.numpy as jnp
    >>> import lossfn as lf
    >>> part = lf.SquaredError().accumulate(jnp.array([1.0, 3.0]), jnp.zeros(2))
    >>> float((part + part).mean())
    5.0
    """

    def tree_flatten(self) -> tuple[tuple[jax.Array, ...], None]:
        """Take it apart."""
        return (self.total, self.denominator, self.count), None  # type: ignore[return-value]  # arrays here

    @classmethod
    def tree_unflatten(cls, _: None, parts: tuple[jax.Array, ...]) -> ArraySum:
        """Put it together."""
        return cls(*parts)  # type: ignore[arg-type]  # arrays here

    def mean(self, empty: str = "zero") -> jax.Array:  # type: ignore[override]  # an array, traced or not
        """Divide once, at the end; a mean of nothing is 0 where `empty` is "zero", else NaN."""
        return mean(self.total, self.denominator, empty)  # type: ignore[arg-type]  # arrays here


def mean(total: jax.Array, denominator: jax.Array, empty: str) -> jax.Array:
    """Divide a sum by its denominator, without a slope of 0/0 where there is nothing to divide by."""
    nothing = denominator == 0
    return jnp.where(nothing, 0.0 if empty == "zero" else jnp.nan, total / jnp.where(nothing, 1.0, denominator))
