"""Any loss as tensor operations: what compilers, functorch, other devices and higher derivatives see through.

Nothing here looks at values, which may be traced: a row with an illegal label, or a value outside its domain, is NaN.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import torch

from lossfn.core import arrays
from lossfn.core.errors import ShapeError, say
from lossfn.core.kinds import Pointwise, Row, check_tables
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.engines.derivatives import Derivative
from lossfn.engines.torch import TorchVerbs, formula, log_softmax, log_sum_exp
from lossfn.torch.tensors import HALVES, Tensor, wide


@dataclass(frozen=True)
class Terms:
    """Terms before they are weighed, their weights if any, and a class weight of the labels that a mean divides by."""

    terms: Tensor
    weight: Tensor | None
    divisor: Tensor | None = None

    def weighed(self) -> Tensor:
        """Return the terms times their weights; a zero weight wins over anything."""
        if self.weight is None:
            return self.terms
        return torch.where(self.weight == 0, 0.0, self.weight * self.terms)

    def unreduced(self) -> Tensor:
        """Return the weighed terms as a caller sees them."""
        return self.weighed()

    def total(self) -> Tensor:
        """Return the sum of the weighed terms."""
        weighed = self.weighed()
        return weighed.sum(dtype=wide(weighed))

    def count(self) -> Tensor:
        """Return how many terms have a weight."""
        return (torch.ones_like(self.terms) if self.weight is None else self.weight).count_nonzero()

    def denominator(self) -> Tensor:
        """Return what a mean divides by."""
        ones = torch.ones_like(self.terms, dtype=wide(self.terms)).detach() if self.divisor is None else self.divisor
        return (ones if self.weight is None else ones * self.weight).sum(dtype=wide(self.terms))


def terms_of(
    loss: Loss, predictions: Sequence[Tensor], target: Tensor, weight: Tensor | None, axis: int, check: bool
) -> Terms:
    """Return the terms of a loss in at least float32."""
    loss = loss.resolve(stand_in(predictions[0]), stand_in(target), axis)
    dtype = computed_in(*predictions, target)
    wide_predictions = [p.to(dtype) for p in predictions]
    if isinstance(loss, Pointwise):
        return _pointwise(loss, wide_predictions, target.to(dtype), weight, check)
    (scores,) = (p.movedim(axis, -1) for p in wide_predictions)
    check_tables(loss, scores.shape[-1])
    if isinstance(loss, Row):
        return rows(loss, scores, target, weight, check, scores.shape[-1], partial(_statistics, loss))
    truth = target.to(dtype).movedim(axis, -1)
    return distributions(loss, scores, truth, weight, partial(_summed, loss, check))


def computed_in(*tensors: Tensor) -> torch.dtype:
    """Return the dtype terms are computed in: float32 for what is no wider, else the widest."""
    floats = [t.dtype for t in tensors if t.dtype.is_floating_point]
    narrow = all(dtype in (torch.float32, *HALVES) for dtype in floats) and floats
    return torch.float32 if narrow else wide(tensors[0])


def stand_in(tensor: Tensor, axis: int = -1, length: int | None = None) -> arrays.Array:
    """Return an array of the tensor's shape that holds nothing, for what asks for shapes and dtypes alone.

    With a length: of the shape it has once all shards of the axis are put together.
    """
    kind, shape = np.float64 if tensor.dtype.is_floating_point else np.int64, list(tensor.shape)
    if length is not None:
        shape[axis] = length
    return np.broadcast_to(np.zeros((), kind), shape)


def _pointwise(loss: Loss, predictions: Sequence[Tensor], target: Tensor, weight: Tensor | None, check: bool) -> Terms:
    if len(predictions) != len(loss.predictions):
        names = ", ".join(loss.predictions)
        raise ShapeError(say("prediction", expected=f"a tuple ({names})", got=f"{len(predictions)} tensors"))
    for name, other in zip((*loss.predictions[1:], "target"), (*predictions[1:], target), strict=True):
        if other.shape != predictions[0].shape:
            arrays.same_shape(stand_in(predictions[0]), stand_in(other), name)
    check_tables(loss, target.shape[-1] if target.dim() else 1, "columns")
    weights = _weights(weight, target.shape)
    inputs = [_masked(x, weights) for x in (*predictions, target)]
    return Terms(evaluated(loss, dict(zip(loss.inputs, inputs, strict=True)), check), weights)


# Scores and labels -> what a row's formula reads; scores and target -> each row's sum of shares.
Statistics = Callable[[Tensor, Tensor], dict[str, Tensor]]
Summed = Callable[[Tensor, Tensor], Tensor]


def rows(
    loss: Any,
    scores: Tensor,
    target: Tensor,
    weight: Tensor | None,
    check: bool,
    classes: int,
    statistics: Statistics,
) -> Terms:
    """Return the terms of a row loss, its class axis last, of which `scores` may hold a part."""
    shape = scores.shape[:-1]
    if target.shape != shape or target.dtype.is_floating_point:
        arrays.as_labels(stand_in(target), tuple(shape), classes)
    labels, weights = target.long(), _weights(weight, shape)
    if loss.ignore_index is not None:
        valid = labels != loss.ignore_index
        weights = valid.to(scores.dtype) if weights is None else weights * valid
        labels = torch.where(valid, labels, 0)
    legal = (labels >= 0) & (labels < classes)
    labels = torch.where(legal, labels, 0)
    inputs = statistics(_masked(scores, weights), labels)
    taken = {n: _of_label(v, labels, classes, scores) for n, v in loss.settings().items() if isinstance(v, np.ndarray)}
    terms = torch.where(legal, evaluated(loss, inputs, check, taken), torch.nan)
    table = getattr(loss, "class_weight", None)
    return Terms(terms, weights, None if table is None else _of_label(table, labels, classes, scores))


def _of_label(table: Any, labels: Tensor, classes: int, like: Tensor) -> Tensor:
    return _at(tensor_like(table, like).expand(*labels.shape, classes), labels)


def _at(scores: Tensor, labels: Tensor) -> Tensor:
    return scores.gather(-1, labels.unsqueeze(-1)).squeeze(-1)


def _statistics(loss: Any, scores: Tensor, labels: Tensor) -> dict[str, Tensor]:
    if loss.takes == "log_probs":
        log_prob = _at(scores, labels)
        return {"log_prob": log_prob, **dict.fromkeys(loss.inputs[1:], torch.zeros_like(log_prob))}
    log_q = log_softmax(scores)
    table = getattr(loss, "class_weight", None)
    share = tensor_like(1.0 if table is None else table, scores) / scores.shape[-1]
    part = torch.where(scores > -torch.inf, share, 0.0)
    return {
        "log_prob": _at(log_q, labels),
        "log_sum_exp": log_sum_exp(scores),
        "mean_log_prob": torch.where(part == 0, 0.0, part * log_q).sum(-1),
    }


def distributions(loss: Any, scores: Tensor, target: Tensor, weight: Tensor | None, summed: Summed) -> Terms:
    """Return the terms of a distribution loss, its class axis last, of which the tensors may hold a part."""
    if target.shape != scores.shape:
        arrays.same_shape(stand_in(scores), stand_in(target))
    weights = _weights(weight, scores.shape[:-1])
    each = None if weights is None else weights.unsqueeze(-1)
    return Terms(summed(_masked(scores, each), _masked(target, each)), weights)


def _summed(loss: Any, check: bool, scores: Tensor, target: Tensor) -> Tensor:
    log_q = log_softmax(scores) if loss.takes == "logits" else scores
    return evaluated(loss, {"log_prob": log_q, "target": target}, check).sum(-1)


def evaluated(loss: Loss, inputs: dict[str, Tensor], check: bool, taken: dict[str, Tensor] | None = None) -> Tensor:
    """Return the formula's value, NaN outside its domain; `taken` holds array hyperparameters as terms read them."""
    first = next(iter(inputs.values()))
    if taken is None:
        tables = {name: v for name, v in loss.settings().items() if isinstance(v, np.ndarray)}
        taken = {name: tensor_like(v, first).expand_as(first) for name, v in tables.items()}
    given = inputs | taken
    what, tensors = Derivative(loss, tuple(given)), tuple(given.values())
    value = formula(what, tensors)
    outside = what.outside(TorchVerbs(first.detach()), tuple(x.detach() for x in tensors)) if check else None
    return value if outside is None else torch.where(outside, torch.nan, value)


def tensor_like(value: Any, like: Tensor) -> Tensor:
    """Return an array hyperparameter as a tensor."""
    return torch.as_tensor(np.array(value), dtype=like.dtype, device=like.device)


def _weights(weight: Tensor | None, shape: torch.Size) -> Tensor | None:
    if weight is None or weight.shape == shape:
        return weight
    if weight.dim() != 1 or weight.shape != shape[:1]:
        arrays.as_weight(stand_in(weight), tuple(shape))
    return weight.reshape(weight.shape + (1,) * (len(shape) - 1)).expand(shape)


def _masked(x: Tensor, weight: Tensor | None) -> Tensor:
    # What a zero weight hides may be NaN: it must not reach a formula, whose slope would be 0·NaN.
    if weight is None:
        return x
    mask = weight == 0
    return torch.where(mask if mask.dim() == x.dim() else mask.unsqueeze(-1), 0.0, x)


def reduced(found: Terms, reduction: str, empty: str) -> Tensor:
    """Return the reduced value; a mean of nothing is 0 where `empty` is "zero", else NaN."""
    if reduction == "none":
        return found.unreduced()
    total = found.total()
    if reduction == "sum":
        return total
    denominator = found.denominator()
    nothing = denominator == 0
    mean = total / torch.where(nothing, 1.0, denominator)
    return torch.where(nothing, 0.0 if empty == "zero" else torch.nan, mean)


def accumulated(found: Terms) -> LossSum:
    """Return a partial result whose total backpropagates."""
    total: Any = whole(found.total()).to(found.terms.dtype)
    return LossSum(total, whole(found.denominator()).item(), int(whole(found.count())))


def whole(tensor: Tensor) -> Tensor:
    """Return a plain tensor: what a DTensor stands for."""
    plain: Tensor = tensor.full_tensor() if hasattr(tensor, "full_tensor") else tensor
    return plain
