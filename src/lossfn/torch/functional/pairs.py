"""torch's losses of pairs and triplets.

`margin_ranking_loss` is a formula with a kernel; `cosine_embedding_loss` is torch operations that no scale
overflows. The shapes of the others are not built here yet: they are torch's own functions.
"""

from __future__ import annotations

import torch
from torch.nn.functional import (
    ctc_loss,
    multi_margin_loss,
    multilabel_margin_loss,
    triplet_margin_loss,
    triplet_margin_with_distance_loss,
)

from lossfn.torch.definitions import MarginRanking
from lossfn.torch.functional.reducing import chosen, evaluated, paired, reduced, served

Tensor = torch.Tensor
__all__ = [
    "cosine_embedding_loss",
    "ctc_loss",
    "margin_ranking_loss",
    "multi_margin_loss",
    "multilabel_margin_loss",
    "triplet_margin_loss",
    "triplet_margin_with_distance_loss",
]


@served
def margin_ranking_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """max(0, margin - target·(input1 - input2))."""
    first, second, target = paired(input1, input2, target)
    return evaluated(MarginRanking(margin=margin), (first, second), target, chosen(reduction, size_average, reduce))


@served
def cosine_embedding_loss(
    input1: Tensor,
    input2: Tensor,
    target: Tensor,
    margin: float = 0,
    size_average: bool | None = None,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """1 - cos where the target is 1, max(0, cos - margin) where it is -1, 0 elsewhere.

    The cosine is that of vectors scaled to largest entry 1: right for any size of theirs; 0 for a zero vector.
    """
    cosine = (_direction(input1) * _direction(input2)).sum(dim=-1)
    near, far = 1.0 - cosine, (cosine - margin).clamp_min(0.0)
    nothing = torch.zeros_like(cosine)
    terms = torch.where(target == 1, near, nothing) + torch.where(target == -1, far, nothing)
    return reduced(terms, chosen(reduction, size_average, reduce))


def _direction(x: Tensor) -> Tensor:
    # The length cancels in x/|x|, and with it the slope in the scale: it is a constant to autograd.
    largest = x.detach().abs().amax(dim=-1, keepdim=True)
    scaled = x / torch.where(largest > 0, largest, 1.0)
    length = scaled.square().sum(dim=-1, keepdim=True)
    return scaled * torch.where(length > 0, length, 1.0).rsqrt()
