"""The JAX engine: formulas as `jax.numpy` operations whose derivatives are the graph's own.

JAX never differentiates a formula: the tangent of a formula is its derivatives on the graph times the tangents of its
inputs, each a formula again. So derivatives of any order, forward and reverse, are exact at kinks and leak nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
from jax.custom_derivatives import SymbolicZero

from lossfn.core.vocabulary import Vocabulary
from lossfn.engines.derivatives import Derivative

Array = jax.Array


def _sigmoid(x: Array) -> Array:
    e = jnp.exp(-jnp.abs(x))
    return jnp.where(x >= 0, 1.0, e) / (1.0 + e)


def _log_cosh(x: Array) -> Array:
    a = jnp.abs(x)
    near = jnp.log1p(2.0 * jnp.square(jnp.sinh(jnp.minimum(a, 1.0) / 2)))
    return jnp.where(a < 1.0, near, a - 0.6931471805599453 + jnp.log1p(jnp.exp(-2.0 * a)))


VERBS: dict[str, Callable[..., Any]] = {
    "exp": jnp.exp,
    "expm1": jnp.expm1,
    "log": jnp.log,
    "log1p": jnp.log1p,
    "sqrt": jnp.sqrt,
    "abs": jnp.abs,
    "sign": jnp.sign,
    "power": jnp.power,
    "tanh": jnp.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda x: jnp.maximum(x, 0.0) + jnp.log1p(jnp.exp(-jnp.abs(x))),
    "log_cosh": _log_cosh,
    "weighted": lambda weight, x: jnp.where(weight == 0, 0.0, weight * x),
    "minimum": jnp.minimum,
    "maximum": jnp.maximum,
    "where": jnp.where,
    "equal": jnp.equal,
    "either": jnp.logical_or,
    "negate": jnp.logical_not,
}


class JaxVerbs(Vocabulary):
    """The vocabulary on JAX arrays; plain numbers take the dtype of the arrays they meet."""

    def apply(self, verb: str, *args: Any) -> Any:
        """Carry out one verb."""
        return VERBS[verb](*args)


M = JaxVerbs()


@partial(jax.custom_jvp, nondiff_argnums=(0,))
def formula(what: Derivative, *arrays: Array) -> Array:
    """Evaluate a formula, or a derivative of one, on arrays of one shape and dtype."""
    first = arrays[0]
    return jnp.broadcast_to(jnp.asarray(what.of(M, arrays), first.dtype), first.shape)


@partial(formula.defjvp, symbolic_zeros=True)
def _tangent(what: Derivative, arrays: tuple[Array, ...], tangents: tuple[Any, ...]) -> tuple[Array, Array]:
    # An input without a tangent adds nothing, where its slope is infinite too.
    total = jnp.zeros_like(arrays[0])
    for name, tangent in zip(what.names, tangents, strict=True):
        further = None if isinstance(tangent, SymbolicZero) else what.along(name)
        if further is not None:
            total = total + formula(further, *arrays) * tangent
    return formula(what, *arrays), total


@jax.custom_jvp
def log_softmax(logits: Array) -> Array:
    """Return log q over the last axis, exact at both ends.

    With w = e^(x - top), `rest` sums w without one of the largest: log q = (x - top) - log1p(rest).
    Tangents t become (1 - q_k)·t_k - Σ_{j≠k} q_j·t_j: nothing cancels for a label.
    """
    shift, _, rest = _below(logits)
    return shift - jnp.log1p(rest)


@log_softmax.defjvp
def _tangent_of_log_softmax(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return log_softmax(*primals), _centred(*_probabilities(*primals), *tangents)


@jax.custom_jvp
def log_sum_exp(logits: Array) -> Array:
    """Return log Σ e^x over the last axis; its slopes are the probabilities."""
    _, _, rest = _below(logits)
    return (logits.max(-1, keepdims=True) + jnp.log1p(rest))[..., 0]


@log_sum_exp.defjvp
def _tangent_of_log_sum_exp(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Array, Array]:
    return log_sum_exp(*primals), (_probabilities(*primals)[0] * tangents[0]).sum(-1)


@jax.custom_jvp
def _probabilities(logits: Array) -> tuple[Array, Array]:
    # q and 1 - q, neither from the other: q = w/(1 + rest), and 1 - q = rest/(1 + rest) at the top.
    shift, lost, rest = _below(logits)
    w = jnp.exp(shift)
    q = (w + w * lost) / (1.0 + rest)
    return q, jnp.where(shift == 0.0, rest / (1.0 + rest), 1.0 - q)


@_probabilities.defjvp
def _tangent_of_probabilities(primals: tuple[Array], tangents: tuple[Array]) -> tuple[Any, Any]:
    q, not_q = _probabilities(*primals)
    pushed = q * _centred(q, not_q, *tangents)
    return (q, not_q), (pushed, -pushed)


def _centred(q: Array, not_q: Array, x: Array) -> Array:
    """x less its mean under q: (1 - q_k)x_k - Σ_{j≠k} q_j·x_j."""
    pulled = q * x
    return not_q * x - (pulled.sum(-1, keepdims=True) - pulled)


def _below(logits: Array) -> tuple[Array, Array, Array]:
    """x - top, what rounding took from it (else e^(x - top) loses |x - top|/2 ULP), and `rest`."""
    top = logits.max(-1, keepdims=True)
    at_top = logits == top
    shift = jnp.where(top == -jnp.inf, jnp.nan, jnp.where(at_top, 0.0, logits - top))
    back = shift - logits
    lost = (logits - (shift - back)) - (top + back)
    lost = jnp.where(jnp.isfinite(lost), lost, 0.0)
    w = jnp.exp(shift)
    others = jnp.where(at_top, 0.0, w + w * lost).sum(-1, keepdims=True)
    return shift, lost, others + (at_top.sum(-1, keepdims=True) - 1)
