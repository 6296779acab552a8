"""The torch engine: formulas as tensor operations that autograd, functorch and the compiler see through.

Autograd never differentiates a formula: `Formula` returns the graph's own derivatives, each a `Formula` again, so
that derivatives of any order are exact at kinks and leak nothing from a branch not taken.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import torch

from lossfn.core.vocabulary import Vocabulary
from lossfn.engines.derivatives import Derivative

Tensor = torch.Tensor


def _sigmoid(x: Tensor) -> Tensor:
    e = torch.exp(-x.abs())
    return torch.where(x >= 0, 1.0, e) / (1.0 + e)


def _log_cosh(x: Tensor) -> Tensor:
    a = x.abs()
    near = torch.log1p(2.0 * torch.sinh(a.clamp(max=1.0) / 2).square())
    return torch.where(a < 1.0, near, a - 0.6931471805599453 + torch.log1p(torch.exp(-2.0 * a)))


VERBS: dict[str, Callable[..., Any]] = {
    "exp": torch.exp,
    "expm1": torch.expm1,
    "log": torch.log,
    "log1p": torch.log1p,
    "sqrt": torch.sqrt,
    "abs": torch.abs,
    "sign": lambda x: torch.where(x.isnan(), x, torch.sign(x)),
    "power": torch.pow,
    "tanh": torch.tanh,
    "sigmoid": _sigmoid,
    "softplus": lambda x: x.clamp(min=0.0) + torch.log1p(torch.exp(-x.abs())),
    "log_cosh": _log_cosh,
    "weighted": lambda weight, x: torch.where(weight == 0, 0.0, weight * x),
    "minimum": torch.minimum,
    "maximum": torch.maximum,
    "where": torch.where,
    "equal": torch.eq,
    "either": torch.logical_or,
    "negate": torch.logical_not,
}


class TorchVerbs(Vocabulary):
    """The vocabulary on tensors like a given one."""

    def __init__(self, like: Tensor) -> None:
        self.number = partial(torch.full, (), dtype=like.dtype, device=like.device)

    def apply(self, verb: str, *args: Any) -> Any:
        """Carry out one verb, numbers made tensors of the right dtype."""
        exponents = args[1:] if verb == "power" else ()
        taken = args[:1] if verb == "power" else args
        return VERBS[verb](*(a if isinstance(a, Tensor) else self.number(a) for a in taken), *exponents)


class Formula(torch.autograd.Function):
    """value(derivative, *tensors): an elementwise formula, differentiated on its graph."""

    generate_vmap_rule = True

    @staticmethod
    def forward(what: Derivative, *tensors: Tensor) -> Tensor:
        """Evaluate on tensors of one shape, numbers of the loss apart."""
        found = what.of(TorchVerbs(tensors[0]), tensors)
        return found if isinstance(found, Tensor) else torch.full_like(tensors[0], found)

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Any, ...], output: Tensor) -> None:
        """Keep the inputs alone."""
        ctx.what, *tensors = inputs
        ctx.save_for_backward(*tensors)
        ctx.save_for_forward(*tensors)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Multiply by the slopes of the graph."""
        wanted = zip(ctx.what.names, ctx.needs_input_grad[1:], strict=True)
        slopes = [_slope(ctx, name) if needed else None for name, needed in wanted]
        return None, *(None if slope is None else upstream * slope for slope in slopes)

    @staticmethod
    def jvp(ctx: Any, *tangents: Tensor | None) -> Tensor:
        """Add the slopes times the tangents."""
        total = torch.zeros_like(ctx.saved_tensors[0])
        for name, tangent in zip(ctx.what.names, tangents[1:], strict=True):
            if tangent is not None and (slope := _slope(ctx, name)) is not None:
                total = total + slope * tangent
        return total


def _slope(ctx: Any, name: str) -> Tensor | None:
    further = ctx.what.along(name)
    return None if further is None else formula(further, ctx.saved_tensors)


def formula(what: Derivative, tensors: tuple[Tensor, ...]) -> Tensor:
    """Evaluate a formula, or a derivative of one, on tensors of one shape."""
    found: Tensor = Formula.apply(what, *tensors)  # type: ignore[no-untyped-call]
    return found


class _OfLogits(torch.autograd.Function):
    generate_vmap_rule = True

    @staticmethod
    def setup_context(ctx: Any, inputs: tuple[Tensor, ...], output: Any) -> None:
        """Keep the logits alone."""
        ctx.save_for_backward(*inputs)
        ctx.save_for_forward(*inputs)


class LogSoftmax(_OfLogits):
    """log q of rows of logits: exact at both ends.

    With w = e^(x - top), `rest` sums w without one of the largest: log q = (x - top) - log1p(rest).
    Slopes s return as s_k(1 - q_k) - q_k(Σs - s_k): nothing cancels for a label.
    """

    @staticmethod
    def forward(logits: Tensor) -> Tensor:
        """Return log q over the last axis."""
        shift, _, rest = _below(logits)
        return shift - torch.log1p(rest)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        """Pull slopes back."""
        q, not_q = probabilities(*ctx.saved_tensors)
        return upstream * not_q - q * (upstream.sum(-1, keepdim=True) - upstream)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        """Push a tangent forward."""
        return _centred(*probabilities(*ctx.saved_tensors), tangent)


class Probabilities(_OfLogits):
    """q and 1 - q of rows of logits, neither from the other: w/(1 + rest), and at the top rest/(1 + rest)."""

    @staticmethod
    def forward(logits: Tensor) -> tuple[Tensor, Tensor]:
        """Return both."""
        shift, lost, rest = _below(logits)
        w = torch.exp(shift)
        q = (w + w * lost) / (1.0 + rest)
        return q, torch.where(shift == 0.0, rest / (1.0 + rest), 1.0 - q)

    @staticmethod
    def backward(ctx: Any, of_q: Tensor, of_not_q: Tensor) -> Tensor:
        """Pull slopes back: the Jacobian is symmetric."""
        q, not_q = probabilities(*ctx.saved_tensors)
        return q * _centred(q, not_q, of_q - of_not_q)

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> tuple[Tensor, Tensor]:
        """Push a tangent forward."""
        q, not_q = probabilities(*ctx.saved_tensors)
        pushed = q * _centred(q, not_q, tangent)
        return pushed, -pushed


class LogSumExp(_OfLogits):
    """log Σ e^x of rows of logits, whose slopes are the probabilities."""

    @staticmethod
    def forward(logits: Tensor) -> Tensor:
        """Return top + log1p(rest) over the last axis."""
        _, _, rest = _below(logits)
        return (logits.amax(-1, keepdim=True) + torch.log1p(rest)).squeeze(-1)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> Tensor:
        """Pull slopes back."""
        return upstream.unsqueeze(-1) * probabilities(*ctx.saved_tensors)[0]

    @staticmethod
    def jvp(ctx: Any, tangent: Tensor) -> Tensor:
        """Push a tangent forward."""
        return (probabilities(*ctx.saved_tensors)[0] * tangent).sum(-1)


def _centred(q: Tensor, not_q: Tensor, x: Tensor) -> Tensor:
    """x less its mean under q: (1 - q_k)x_k - Σ_{j≠k} q_j·x_j."""
    pulled = q * x
    return not_q * x - (pulled.sum(-1, keepdim=True) - pulled)


def _below(logits: Tensor) -> tuple[Tensor, Tensor, Tensor]:
    """x - top, what rounding took from it (else e^(x - top) loses |x - top|/2 ULP), and `rest`."""
    top = logits.detach().amax(-1, keepdim=True)
    at_top, shift = logits == top, below(logits, top)
    back = shift - logits
    lost = (logits - (shift - back)) - (top + back)
    lost = torch.where(lost.isfinite(), lost, 0.0)
    w = torch.exp(shift)
    others = torch.where(at_top, 0.0, w + w * lost).sum(-1, keepdim=True)
    return shift, lost, others + (at_top.sum(-1, keepdim=True) - 1)


def below(x: Tensor, top: Tensor) -> Tensor:
    """Return x - top: 0 where they are equal, infinite or not; NaN where all logits are -inf."""
    return torch.where(top == -torch.inf, torch.nan, torch.where(x == top, 0.0, x - top))


def log_softmax(logits: Tensor) -> Tensor:
    """Return log q over the last axis."""
    found: Tensor = LogSoftmax.apply(logits)  # type: ignore[no-untyped-call]
    return found


def probabilities(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return q and 1 - q over the last axis."""
    q, not_q = Probabilities.apply(logits)  # type: ignore[no-untyped-call]
    return q, not_q


def log_sum_exp(logits: Tensor) -> Tensor:
    """Return log Σ e^x over the last axis."""
    found: Tensor = LogSumExp.apply(logits)  # type: ignore[no-untyped-call]
    return found
