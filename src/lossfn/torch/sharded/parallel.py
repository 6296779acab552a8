"""Any loss over classes on a process group whose ranks hold the classes."""

from __future__ import annotations

from functools import partial
from typing import Any

from torch import distributed

from lossfn.core.calls import known
from lossfn.core.errors import OptionError, ShapeError, say
from lossfn.core.kinds import Distribution, Row, check_tables
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.torch import operations
from lossfn.torch.compiled import result_dtype
from lossfn.torch.sharded import distributions, rows
from lossfn.torch.sharded.shard import Shard
from lossfn.torch.tensors import Tensor


class ClassParallel:
    """A loss over classes, of which every rank holds some: `loss_parallel` for all losses of rows.

    Called like the loss, with this rank's scores (..., width) of all rows, all labels (..., on every rank the same)
    or this rank's part of the target's probabilities, all weights. Every rank returns the same bits; backward gives
    each the gradient of its own scores.

    Parameters
    ----------
    loss : lossfn.Row or lossfn.Distribution
        `CrossEntropy` with weights and smoothing, `ZLoss`, `Focal`, a sum of such, a loss of your own.
    width : int
        How many classes this rank holds: after those of the ranks before it; 0 is allowed.
    group : ProcessGroup, optional
        The ranks that hold the classes; all by default. Every rank of it must construct and call.

    Raises
    ------
    OptionError
        If the loss has no class axis.
    ShapeError
        At the call: if the scores do not hold `width` classes.

    Notes
    -----
    One collective when constructed. A call with labels gathers 3 numbers of each row (5 with label smoothing), one
    with probabilities 2 and 2; backward none. Terms are computed in float32 at least; a label that is no class gives
    NaN. A second derivative is an error: it couples the ranks. DTensor scores that are sharded over the class axis
    need no wrapper: call the loss.

    Examples
    --------
    >>> import lossfn as lf
    >>> import torch
    >>> from lossfn.torch import ClassParallel
    >>> store = torch.distributed.HashStore()
    >>> torch.distributed.init_process_group("gloo", store=store, rank=0, world_size=1)
    >>> loss = ClassParallel(lf.CrossEntropy(label_smoothing=0.1), width=4)
    >>> logits = torch.tensor([[2.0, -1.0, 0.5, 0.0]], requires_grad=True)
    >>> value = loss(logits, torch.tensor([0]))
    >>> value.backward()
    >>> print(value.item())
    0.50485
    >>> torch.distributed.destroy_process_group()
    """

    def __init__(self, loss: Loss, width: int, group: distributed.ProcessGroup | None = None) -> None:
        if not isinstance(loss, Row | Distribution):
            raise OptionError(
                say("loss", expected="a loss over classes", got=repr(loss), fix="loss(prediction, target)")
            )
        widths: list[Any] = [None] * distributed.get_world_size(group)
        distributed.all_gather_object(widths, width, group)
        start = sum(widths[: distributed.get_rank(group)])
        self.loss, self.shard = loss, Shard(start, width, sum(widths), group)

    def __call__(
        self,
        prediction: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        reduction: str | None = None,
        axis: int = -1,
        empty: str = "zero",
        check: bool = True,
    ) -> Tensor:
        """Return what the loss returns for the scores of all ranks."""
        chosen = known(self.loss.reduction if reduction is None else reduction)
        found = self._terms(prediction, target, sample_weight, axis, check)
        return operations.reduced(found, chosen, empty).to(result_dtype((prediction,), target))

    def accumulate(
        self,
        prediction: Tensor,
        target: Tensor,
        *,
        sample_weight: Tensor | None = None,
        axis: int = -1,
        check: bool = True,
    ) -> LossSum:
        """Return what `accumulate` of the loss returns: `all_reduce` adds it up over ranks that hold other rows."""
        return operations.accumulated(self._terms(prediction, target, sample_weight, axis, check))

    def _terms(
        self, prediction: Tensor, target: Tensor, weight: Tensor | None, axis: int, check: bool
    ) -> operations.Terms:
        if prediction.shape[axis] != self.shard.width:
            expected, got = f"{self.shard.width} classes in axis {axis}", f"shape {tuple(prediction.shape)}"
            raise ShapeError(say("prediction", expected=expected, got=got, cause="another width at construction"))
        return terms_of(self.loss, prediction, target, weight, axis, check, self.shard)


def terms_of(
    loss: Loss, prediction: Tensor, target: Tensor, weight: Tensor | None, axis: int, check: bool, shard: Shard
) -> operations.Terms:
    """Return the terms of a loss whose scores are a shard: the same on every rank."""
    length = shard.classes if target.shape == prediction.shape else None
    given = operations.stand_in(prediction, axis, shard.classes), operations.stand_in(target, axis, length)
    chosen: Any = loss.resolve(*given, axis)
    check_tables(chosen, shard.classes)
    dtype = operations.computed_in(prediction, target)
    scores = prediction.to(dtype).movedim(axis, -1)
    if isinstance(chosen, Row):
        statistics = partial(rows.statistics, chosen, shard)
        return operations.rows(chosen, scores, target, weight, check, shard.classes, statistics)
    truth = target.to(dtype).movedim(axis, -1)
    return operations.distributions(chosen, scores, truth, weight, partial(distributions.summed, chosen, shard, check))
