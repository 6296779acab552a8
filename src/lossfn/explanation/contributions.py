"""Which rows and groups carry the loss."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import OptionError, ShapeError, say
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum

Array = NDArray[Any]


@dataclass(frozen=True)
class GroupLoss:
    """What one group contributes.

    Attributes
    ----------
    group
        Its name.
    count
        Rows that were not ignored and have a weight above 0.
    value
        Mean loss of the group.
    share
        Its part of the whole loss; NaN where some rows have a negative loss, since parts of a sum with both
        signs say nothing.
    """

    group: str
    count: int
    value: float
    share: float


@dataclass(frozen=True)
class RowLoss:
    """What one row contributes: its number, counted from 0, its weighted loss and its part of the whole."""

    row: int
    value: float
    share: float


@dataclass(frozen=True)
class Contributions:
    """The whole loss and its parts.

    Attributes
    ----------
    total
        Sum, denominator and count over all rows.
    groups
        One entry per group, the largest share first; empty without groups.
    terms : array of shape (N,)
        The weighted loss of each row.
    """

    total: LossSum
    groups: tuple[GroupLoss, ...]
    terms: Array

    @property
    def shares(self) -> Array:
        """Each row's part of the whole loss."""
        return shares(self.terms, self.total.total)

    def top(self, count: int) -> list[RowLoss]:
        """Return the rows with the largest loss, the largest first; the earlier row first among equals."""
        return costliest(self.terms, self.total.total, count)


def contributions(
    loss: Loss, prediction: Any, target: Any, sample_weight: Any = None, groups: ArrayLike | None = None
) -> Contributions:
    """Split a loss over rows and groups.

    Parameters
    ----------
    loss : Loss
    prediction, target
        As in a call of the loss; the first axis is that of the rows.
    sample_weight : array_like of shape (N,), optional
    groups : array_like of shape (N,), optional
        The group of each row.

    Returns
    -------
    Contributions

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.explanation.contributions import contributions
    >>> found = contributions(lf.SquaredError(), [1.0, 2.0, 3.0], [1.0, 1.0, 0.0], groups=["a", "a", "b"])
    >>> found.groups[0]
    GroupLoss(group='b', count=1, value=9.0, share=0.9)
    >>> found.top(1)
    [RowLoss(row=2, value=9.0, share=0.9)]
    """
    terms = np.asarray(loss(prediction, target, sample_weight=sample_weight, reduction="none"), np.float64)
    rows = terms.sum(axis=tuple(range(1, terms.ndim)))
    total = loss.accumulate(prediction, target, sample_weight=sample_weight)
    named = () if groups is None else _named(groups, len(rows))
    found = [(name, _part(loss, prediction, target, sample_weight, index)) for name, index in named]
    parts = shares(np.array([part.total for _, part in found]), total.total, safe=bool((rows >= 0).all()))
    table = [GroupLoss(n, p.count, p.mean(), float(s)) for (n, p), s in zip(found, parts, strict=True)]
    by_share = np.argsort([-part.total for _, part in found], kind="stable")
    return Contributions(total, tuple(table[place] for place in by_share), rows)


def costliest(terms: Array, total: float, count: int) -> list[RowLoss]:
    """Return the rows with the largest loss, the largest first; the earlier row first among equals."""
    if count < 0:
        raise OptionError(say("count", expected="a whole number >= 0", got=count))
    order = np.argsort(-terms, kind="stable")[:count]
    parts = shares(terms, total)
    return [RowLoss(int(row), float(terms[row]), float(parts[row])) for row in order]


def shares(terms: Array, total: float, safe: bool = True) -> Array:
    """Divide by the total; NaN where parts of a sum say nothing."""
    if not safe or not total > 0 or not np.isfinite(total) or (terms < 0).any():
        return np.full(terms.shape, np.nan)
    return np.asarray(terms / total)


def _named(groups: ArrayLike, rows: int) -> Iterator[tuple[str, Array]]:
    labels = np.asarray(groups)
    if labels.shape != (rows,):
        raise ShapeError(say("by", expected=f"shape ({rows},), one group per row", got=f"shape {labels.shape}"))
    if labels.dtype.kind == "O":
        labels = labels.astype(str)
    names, numbers = np.unique(labels, return_inverse=True)
    order = np.argsort(numbers, kind="stable")
    starts = np.flatnonzero(np.diff(numbers[order])) + 1
    yield from zip(map(str, names), np.split(order, starts), strict=True)


def _part(loss: Loss, prediction: Any, target: Any, sample_weight: Any, index: Array) -> LossSum:
    several = isinstance(prediction, tuple)
    predicted = tuple(np.asarray(p)[index] for p in prediction) if several else np.asarray(prediction)[index]
    weight = None if sample_weight is None else np.asarray(sample_weight)[index]
    return loss.accumulate(predicted, np.asarray(target)[index], sample_weight=weight)
