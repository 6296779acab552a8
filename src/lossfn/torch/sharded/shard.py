"""The classes a rank holds, and what the ranks tell each other of a row: a few numbers, combined in their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import distributed

from lossfn.engines.torch import below
from lossfn.torch.tensors import Tensor


@dataclass(frozen=True)
class Shard:
    """What a rank of `group` holds of `classes` classes: `width` of them from `start` on."""

    start: int
    width: int
    classes: int
    group: distributed.ProcessGroup | None

    def own(self, labels: Tensor) -> tuple[Tensor, Tensor]:
        """Return the place of each row's label among the held classes, (..., 1), and whether it is one of them."""
        place = (labels - self.start).unsqueeze(-1)
        return place.clamp(0, self.width - 1), (place >= 0) & (place < self.width)

    def picked(self, scores: Tensor, labels: Tensor) -> Tensor:
        """Return the label's score, 0 where another rank holds it."""
        if not self.width:
            return scores.sum(-1)  # of nothing
        place, here = self.own(labels)
        return torch.where(here, scores.gather(-1, place), 0.0).squeeze(-1)

    def cut(self, table: Tensor) -> Tensor:
        """Return the entries of the held classes."""
        return table.expand(self.classes)[self.start : self.start + self.width]

    def every(self, *mine: Tensor) -> list[tuple[Tensor, ...]]:
        """Return what each rank has, for each of my numbers of a row: the one collective."""
        own = torch.stack(mine)
        each = [torch.empty_like(own) for _ in range(distributed.get_world_size(self.group))]
        distributed.all_gather(each, own, self.group)
        return list(zip(*(told.unbind() for told in each), strict=True))


def added(parts: Sequence[Tensor]) -> Tensor:
    """Add from the first rank to the last: the same bits on all of them."""
    return sum(parts[1:], parts[0])


class Added(torch.autograd.Function):
    """added(shard, part): the sum over all shards, which every rank returns and takes its own slope of."""

    @staticmethod
    def forward(ctx: Any, shard: Shard, part: Tensor) -> Tensor:
        """Add up what the ranks have."""
        (parts,) = shard.every(part)
        return added(parts)

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[None, Tensor]:
        """Hand the slope over: it is the same on every rank."""
        return None, upstream


def lowered(logits: Tensor, top: Tensor) -> Tensor:
    """Return logits less a number of each row, in memory of their own; 0 where they are equal, infinite or not."""
    return (logits - top).masked_fill_(logits == top, 0.0)


def largest(logits: Tensor) -> tuple[Tensor, Tensor]:
    """Return the largest logit of each row and Σ e^(x - top) without one of the largest."""
    if not logits.shape[-1]:
        return logits.new_full(logits.shape[:-1], -torch.inf), logits.new_zeros(logits.shape[:-1])
    top, place = logits.max(-1, keepdim=True)
    powers = lowered(logits, top).exp_().scatter_(-1, place, 0.0)
    return top.squeeze(-1), powers.sum(-1)


def combined(tops: Sequence[Tensor], rests: Sequence[Tensor]) -> tuple[Tensor, Tensor]:
    """Return the same of all shards, the sum as its log1p: the first of the largest stays out of it."""
    stacked = torch.stack(tuple(tops))
    top, first = stacked.amax(0), stacked.argmax(0)
    parts = [torch.exp(below(t, top)) * (r + (first != k)) for k, (t, r) in enumerate(zip(tops, rests, strict=True))]
    return top, torch.log1p(added(parts))
