"""The row shape over shards: its statistics from one all-gather, its slopes pulled back without any.

A rank tells of each row the largest of its logits, Σ e^(x - top) of the others, the label's logit (0 where another
rank holds it) and, for a loss that reads `mean_log_prob`, Σ w_k (x_k - top)/K and Σ w_k/K over its finite logits.
"""

from __future__ import annotations

from typing import Any

import torch
from torch.autograd.function import once_differentiable

from lossfn.core.program import trace
from lossfn.core.simplify import number
from lossfn.engines.torch import below
from lossfn.torch import operations
from lossfn.torch.sharded.shard import Added, Shard, added, combined, largest, lowered
from lossfn.torch.tensors import Tensor


def statistics(loss: Any, shard: Shard, scores: Tensor, labels: Tensor) -> dict[str, Tensor]:
    """Return what the formula of a row loss reads."""
    if loss.takes == "log_probs":
        log_prob: Tensor = Added.apply(shard, shard.picked(scores, labels))  # type: ignore[no-untyped-call]
        return {"log_prob": log_prob, **dict.fromkeys(loss.inputs[1:], torch.zeros_like(log_prob))}
    share = None
    if number(trace(loss).slopes("mean_log_prob")) != 0:
        table = getattr(loss, "class_weight", None)
        share = shard.cut(operations.tensor_like(1.0 if table is None else table, scores)) / shard.classes
    found: tuple[Tensor, ...] = Rows.apply(shard, scores, labels, share)  # type: ignore[no-untyped-call]
    return dict(zip(loss.inputs, found, strict=True))


class Rows(torch.autograd.Function):
    """log_prob, log_sum_exp, mean_log_prob = rows(shard, logits, labels, share).

    `share` is w_k/K of the held classes; None where the mean is not read, and is then 0. Slopes a, b, c return as
    a(1[k=y] - q_k) + b·q_k + c(w_k/K - q_k·Σw/K), with 1 - q_k = -expm1(log q_k): nothing cancels for a label.
    """

    @staticmethod
    def forward(ctx: Any, shard: Shard, logits: Tensor, labels: Tensor, share: Tensor | None) -> tuple[Tensor, ...]:
        """Gather and combine."""
        top, rest = largest(logits)
        spread = () if share is None else _spread(logits, top, share)
        tops, rests, owns, *spreads = shard.every(top, rest, shard.picked(logits, labels), *spread)
        top, log_rest = combined(tops, rests)
        mean, weight = _mean(tops, top, log_rest, *spreads) if spreads else (torch.zeros_like(top),) * 2
        ctx.shard = shard
        ctx.save_for_backward(logits, labels, share, top, log_rest, weight)
        return below(added(owns), top) - log_rest, top + log_rest, mean

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        """Pull slopes back to the held logits."""
        logits, labels, share, *each = ctx.saved_tensors
        if not ctx.shard.width:
            return None, torch.zeros_like(logits), None, None
        top, log_rest, weight, a, b, c = (x.unsqueeze(-1) for x in (*each, *slopes))
        place, here = ctx.shard.own(labels)
        log_q = lowered(logits, top).sub_(log_rest)
        log_own, others = log_q.gather(-1, place), b - c * weight
        at_label = others * torch.exp(log_own) - a * torch.expm1(log_own)
        gradient = log_q.exp_().mul_(others - a)
        gradient.scatter_(-1, place, torch.where(here, at_label, gradient.gather(-1, place)))
        if share is not None:
            gradient += c * _finite_share(logits, share)
        return None, gradient, None, None


def _finite_share(logits: Tensor, share: Tensor) -> Tensor:
    return torch.where(logits > -torch.inf, share, 0.0)


def _spread(logits: Tensor, top: Tensor, share: Tensor) -> tuple[Tensor, Tensor]:
    part = _finite_share(logits, share)
    shift = lowered(logits, top.unsqueeze(-1)).masked_fill_(part == 0, 0.0)
    return shift.mul_(part).sum(-1), part.sum(-1)


def _mean(
    tops: tuple[Tensor, ...], top: Tensor, log_rest: Tensor, spreads: tuple[Tensor, ...], weights: tuple[Tensor, ...]
) -> tuple[Tensor, Tensor]:
    """Return Σ w_k/K log q_k and Σ w_k/K over all shards, each of which summed below a top of its own."""
    weight = added(weights)
    lower = [torch.where(w == 0, 0.0, w * below(t, top)) for t, w in zip(tops, weights, strict=True)]
    return (added(spreads) + added(lower)) - weight * log_rest, weight
