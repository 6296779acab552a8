"""torch's losses over classes: the class axis is 1, or 0 without a batch."""

from __future__ import annotations

from functools import lru_cache

import torch

from lossfn.core.errors import OptionError, say
from lossfn.core.loss import Loss
from lossfn.losses.classes import CrossEntropy, NegativeLogLikelihood
from lossfn.torch.functional.reducing import chosen, served

Tensor = torch.Tensor


@served
def cross_entropy(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
    label_smoothing: float = 0.0,
) -> Tensor:
    """Cross-entropy of logits with labels, or with probabilities where the shapes are equal.

    As in torch a mean of labels divides by their weights and one of probabilities by the rows; a mean of nothing is
    NaN with gradient 0, a masked class (-inf) under label smoothing costs inf, and a negative `ignore_index` is not
    read with probabilities. Unlike torch, labels may be of any integer dtype, ignored rows have gradient 0 whatever
    they hold, a probability of 0 at a masked class costs nothing, and a `label_smoothing` below 0 raises.
    """
    reduction = chosen(reduction, size_average, reduce)
    dense = input.shape == target.shape and target.is_floating_point()
    if dense and ignore_index >= 0:
        got = f"{ignore_index} with probabilities"
        raise OptionError(say("ignore_index", expected="a label of an index target", got=got))
    if label_smoothing and torch.isneginf(input).any():
        options = {"ignore_index": ignore_index, "reduction": reduction, "label_smoothing": label_smoothing}
        return torch.nn.functional.cross_entropy(input, target, weight, **options)  # type: ignore[arg-type]
    ignored = None if dense else ignore_index
    loss = _cross_entropy(_table(weight), ignored, label_smoothing)
    return _evaluated(loss, input, target, reduction, not dense)


@served
def nll_loss(
    input: Tensor,
    target: Tensor,
    weight: Tensor | None = None,
    size_average: bool | None = None,
    ignore_index: int = -100,
    reduce: bool | None = None,
    reduction: str = "mean",
) -> Tensor:
    """Minus the label's log-probability; a mean divides by the labels' weights, and of nothing is NaN."""
    loss = _likelihood(_table(weight), ignore_index)
    return _evaluated(loss, input, target, chosen(reduction, size_average, reduce), True)


def _evaluated(loss: Loss, input: Tensor, target: Tensor, reduction: str, check: bool) -> Tensor:
    axis = min(1, input.dim() - 1)
    found: Tensor = loss(input, target, reduction=reduction, axis=axis, empty="nan", check=check)
    return found


def _table(weight: Tensor | None) -> tuple[float, ...] | None:
    return None if weight is None else tuple(weight.detach().cpu().tolist())


# By position: a cache takes longer over keywords than over all the rest of its work.
@lru_cache(maxsize=64)
def _cross_entropy(table: tuple[float, ...] | None, ignore_index: int | None, label_smoothing: float) -> Loss:
    return CrossEntropy(class_weight=table, ignore_index=ignore_index, label_smoothing=label_smoothing)


@lru_cache(maxsize=64)
def _likelihood(table: tuple[float, ...] | None, ignore_index: int) -> Loss:
    return NegativeLogLikelihood(class_weight=table, ignore_index=ignore_index)
