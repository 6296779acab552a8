"""Losses of rows whose classes lie on several devices: one small sum over devices forward, no collective backward.

Each device sends, per row, its largest logit t, its sum r of e^(x - t) without the n logits at t, n, the label's
logit if it has it, and Σ share, Σ share·(x - t). With T the largest t, all devices add in the same order:

    rest = Σ_{t=T} (r + n) - 1 + Σ_{t<T} (r + n)·e^(t - T)        log p_y = (x_y - T) - log1p(rest)

where n - 1 is formed first, as what is left may be tiny.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp

from lossfn.core import calls
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Row
from lossfn.core.reduction import known_empty
from lossfn.jax.inputs import joint, together
from lossfn.jax.terms import reduced, rows, shares

Array = jax.Array
Sums = tuple[Array, Array, Array]  # log_prob, log_sum_exp, mean_log_prob


@dataclass(frozen=True)
class ClassParallel:
    """A loss of logits whose last axis is divided over the devices of `axis_name`, in order.

    Called inside `jax.shard_map` with the device's logits (..., classes / devices), the labels (...) among all
    classes, and `sample_weight`, `reduction`, `empty` as in any call. The result has the same bits on every device.

    Parameters
    ----------
    loss
        A row loss of logits: cross-entropy with class weights and label smoothing, z-loss, focal, one's own.
    axis_name
        The mesh axis that the classes are divided over.

    Examples
    --------
    >>> import jax, jax.numpy as jnp
    >>> from jax.sharding import AxisType, PartitionSpec as P
    >>> import lossfn as lf
    >>> from lossfn.jax import ClassParallel
    >>> mesh = jax.make_mesh((1,), ("classes",), axis_types=(AxisType.Auto,))
    >>> loss = ClassParallel(lf.CrossEntropy(), "classes")
    >>> spread = jax.shard_map(loss, mesh=mesh, in_specs=(P(None, "classes"), P()), out_specs=P())
    >>> round(float(spread(jnp.zeros((2, 4)), jnp.array([0, 3]))), 4)
    1.3863
    """

    loss: Row
    axis_name: str

    def __post_init__(self) -> None:
        """Refuse losses that read no softmax of their own, or no labels."""
        if not isinstance(self.loss, Row) or self.loss.takes != "logits":
            raise OptionError(say("loss", expected="a loss of logits and class labels", got=repr(self.loss)))

    def __call__(
        self,
        logits: Array,
        labels: Array,
        *,
        sample_weight: Array | None = None,
        reduction: str | None = None,
        empty: str = "zero",
    ) -> Array:
        """Return the reduced value, or the terms, of all classes together."""
        (logits,), labels, weight = together(self.loss, logits, labels, sample_weight)
        wide = logits.astype(jnp.promote_types(jnp.float32, joint(logits)))
        classes = wide.shape[-1] * jax.lax.axis_size(self.axis_name)
        found = rows(self.loss, wide, labels, weight, True, classes, partial(_statistics, self.axis_name))
        chosen = calls.known(self.loss.reduction if reduction is None else reduction)
        return reduced(found, chosen, known_empty(empty)).astype(joint(logits))


def _statistics(axis_name: str, loss: Any, logits: Array, labels: Array) -> dict[str, Array]:
    size = logits.shape[-1]
    start = jax.lax.axis_index(axis_name) * size
    share = shares(loss, logits, size * jax.lax.axis_size(axis_name), start)
    return dict(zip(loss.inputs, _sums(axis_name, logits, labels - start, share), strict=True))


@partial(jax.custom_vjp, nondiff_argnums=(0,))
def _sums(axis_name: str, logits: Array, labels: Array, share: Array) -> Sums:
    return _forward(axis_name, logits, labels, share)[0]


def _forward(axis_name: str, logits: Array, labels: Array, share: Array) -> tuple[Sums, tuple[Array, ...]]:
    top, rest, ties, own, mass, mean = _gathered(axis_name, _local(logits, labels, share))
    highest = top.max(0)
    below, first = jnp.where(top == -jnp.inf, 0.0, top - highest), top == highest
    others = jnp.where(first, rest, (rest + ties) * jnp.exp(below)).sum(0)
    log_rest = jnp.log1p(others + (jnp.where(first, ties, 0.0).sum(0) - 1.0))
    log_prob = (own.sum(0) - highest) - log_rest
    means = (mean + mass * below).sum(0) - mass.sum(0) * log_rest
    return (log_prob, highest + log_rest, means), (logits, labels, share, highest, log_rest, mass.sum(0))


def _local(logits: Array, labels: Array, share: Array) -> tuple[Array, ...]:
    top = jax.lax.stop_gradient(logits.max(-1, keepdims=True))
    at_top = (logits == top) & (top > -jnp.inf)
    shift = jnp.where(logits == -jnp.inf, -jnp.inf, logits - top)
    rest = jnp.where(at_top, 0.0, jnp.exp(shift)).sum(-1)
    own = jnp.where(_is_label(logits, labels), logits, 0.0).sum(-1)
    mean = jnp.where(share == 0, 0.0, share * jnp.where(share == 0, 0.0, shift)).sum(-1)
    return top[..., 0], rest, at_top.sum(-1).astype(logits.dtype), own, share.sum(-1), mean


def _is_label(logits: Array, labels: Array) -> Array:
    return jnp.arange(logits.shape[-1]) == labels[..., None]


def _gathered(axis_name: str, parts: tuple[Array, ...]) -> Array:
    """Return (parts, devices, ...) on all devices: each adds zeros to the others' places, which changes no bit."""
    mine = jnp.stack(parts)[:, None]
    place = jax.lax.broadcasted_iota(jnp.int32, (1, jax.lax.axis_size(axis_name), *(1,) * (mine.ndim - 2)), 1)
    gathered: Array = jax.lax.psum(jnp.where(place == jax.lax.axis_index(axis_name), mine, 0.0), axis_name)  # type: ignore[no-untyped-call]  # JAX's
    return gathered


def _backward(axis_name: str, kept: tuple[Array, ...], slopes: Sums) -> tuple[Array, None, None]:
    logits, labels, share, highest, log_rest, mass = kept
    of_log_prob, of_sum, of_mean = (slope[..., None] for slope in slopes)
    log_q = (logits - highest[..., None]) - log_rest[..., None]
    q = jnp.exp(log_q)
    own = jnp.where(_is_label(logits, labels), -jnp.expm1(log_q), -q)
    return of_log_prob * own + of_sum * q + of_mean * (share - q * mass[..., None]), None, None


_sums.defvjp(_forward, _backward)
