"""Sums over the ranks of `torch.distributed`: one mean, and its gradient, however the rows are spread."""

from __future__ import annotations

from typing import Any

import torch
from torch import distributed

from lossfn.core.reduction import LossSum
from lossfn.torch.tensors import Tensor


def all_reduce(part: LossSum, group: distributed.ProcessGroup | None = None) -> LossSum:
    """Add up the partial results of all ranks; what averages gradients over them then finds that of the whole.

    DDP and FSDP average the gradients of the ranks. A mean taken on each rank is therefore wrong as soon as ranks
    count different numbers of rows; the mean of this sum is right, in value and gradient, also on ranks whose batch
    is empty.

    Parameters
    ----------
    part : LossSum
        What `loss.accumulate` returned for tensors, or a sum of such over micro-batches.
    group : ProcessGroup, optional
        The ranks whose gradients are averaged; all by default. Every rank of it must call.

    Returns
    -------
    LossSum
        Total, denominator and count over the ranks, added in their order: the same bits on every rank. Backward
        through the total gives a rank's own gradient times the number of ranks, which averaging divides by again.

    Notes
    -----
    One collective of three float64 numbers, none in backward. Sums of micro-batches keep their graphs until backward.
    To hold one at a time, let the gradients of the totals add up and divide once, before clipping and the step::

        whole = lf.LossSum()
        for x, y in micro_batches:
            part = loss.accumulate(model(x), y)
            part.total.backward()
            whole += part
        scale = distributed.get_world_size() / all_reduce(whole).denominator
        for parameter in model.parameters():
            parameter.grad *= scale

    Examples
    --------
    >>> import lossfn as lf
    >>> import torch
    >>> from lossfn.torch import all_reduce
    >>> store = torch.distributed.HashStore()
    >>> torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    >>> logits = torch.tensor([[0.1, 0.2, 0.3], [3.0, 2.0, 1.0]], requires_grad=True)
    >>> part = lf.CrossEntropy(ignore_index=-100).accumulate(logits, torch.tensor([1, -100]))
    >>> all_reduce(part).mean().backward()
    >>> print(logits.grad)
    tensor([[ 0.3006, -0.6678,  0.3672],
            [ 0.0000,  0.0000,  0.0000]])
    >>> torch.distributed.destroy_process_group()
    """
    own = torch.as_tensor(part.total)
    numbers = [own.detach().double(), own.new_tensor(part.denominator, dtype=torch.float64)]
    mine = torch.stack([*numbers, own.new_tensor(part.count, dtype=torch.float64)])
    each = [torch.empty_like(mine) for _ in range(distributed.get_world_size(group))]
    distributed.all_gather(each, mine, group)
    total, denominator, count = sum(each[1:], each[0])
    whole: Any = _Whole.apply(own, total.to(own.dtype), len(each))  # type: ignore[no-untyped-call]
    return LossSum(whole, denominator.item(), int(count))


class _Whole(torch.autograd.Function):
    """whole(own, total, ranks): the total of all ranks, whose slope in the own total is the number of ranks."""

    @staticmethod
    def forward(ctx: Any, own: Tensor, total: Tensor, ranks: int) -> Tensor:
        """Pass the total on."""
        ctx.ranks = ranks
        return total

    @staticmethod
    def backward(ctx: Any, upstream: Tensor) -> tuple[Tensor, None, None]:
        """Multiply by the number of ranks."""
        return upstream * ctx.ranks, None, None
