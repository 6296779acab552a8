"""The distribution shape over shards: one all-gather for the normaliser, one for the sums over classes.

The slopes of all shares are summed with the shares themselves, so that backward needs no rank but its own.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
import torch
from torch.autograd.function import once_differentiable

from lossfn.torch import operations
from lossfn.torch.sharded.shard import Added, Shard, added, combined, largest, lowered
from lossfn.torch.tensors import Tensor

Shares = Callable[[Tensor, Tensor], Tensor]


def summed(loss: Any, shard: Shard, check: bool, scores: Tensor, target: Tensor) -> Tensor:
    """Return each row's sum of shares over all classes."""
    tables = {name: v for name, v in loss.settings().items() if isinstance(v, np.ndarray)}
    taken = {name: shard.cut(operations.tensor_like(v, scores)).expand_as(scores) for name, v in tables.items()}
    shares = partial(_shares, loss, check, taken)
    if loss.takes == "log_probs":
        found: Tensor = Added.apply(shard, shares(scores, target).sum(-1))  # type: ignore[no-untyped-call]
    else:
        found = Distributions.apply(shard, shares, scores, target)  # type: ignore[no-untyped-call]
    return found


def _shares(loss: Any, check: bool, taken: dict[str, Tensor], log_q: Tensor, target: Tensor) -> Tensor:
    return operations.evaluated(loss, {"log_prob": log_q, "target": target}, check, taken)


class Distributions(torch.autograd.Function):
    """Σ shares = distributions(shard, shares, logits, target).

    Slopes s_k of the shares in log q_k return to the logits as s_k(1 - q_k) - q_k(Σs - s_k).
    """

    @staticmethod
    def forward(ctx: Any, shard: Shard, shares: Shares, logits: Tensor, target: Tensor) -> Tensor:
        """Gather twice; keep the slopes."""
        top, log_rest = (each.unsqueeze(-1) for each in combined(*shard.every(*largest(logits))))
        log_q = lowered(logits, top).sub_(log_rest)
        share, (slope, towards) = _with_slopes(shares, (log_q, target), ctx.needs_input_grad[2:])
        sums, slopes = map(added, shard.every(share.sum(-1), slope.sum(-1)))
        ctx.save_for_backward(log_q, slope, slopes, towards)
        return sums

    @staticmethod
    @once_differentiable
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor | None, ...]:
        """Pull the slopes back to the held logits."""
        log_q, slope, slopes, towards = ctx.saved_tensors
        each = upstream.unsqueeze(-1)
        pulled = slope * -torch.expm1(log_q) - torch.exp(log_q) * (slopes.unsqueeze(-1) - slope)
        return None, None, each * pulled, each * towards if ctx.needs_input_grad[3] else None


def _with_slopes(shares: Shares, given: tuple[Tensor, Tensor], wanted: tuple[bool, ...]) -> tuple[Tensor, Any]:
    """Return the shares, and their slopes in log q and target: 0 where nobody asks."""
    with torch.enable_grad():
        leaves = [x.detach().requires_grad_(needed) for x, needed in zip(given, wanted, strict=True)]
        share = shares(*leaves)
        asked = [leaf for leaf in leaves if leaf.requires_grad]
        found = iter(torch.autograd.grad(share.sum(), asked, materialize_grads=True) if asked else ())
    return share.detach(), [next(found) if leaf.requires_grad else torch.zeros_like(leaf) for leaf in leaves]
