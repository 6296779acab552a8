"""Who carries a loss, and who pulls: its value and its gradient by row, group, class and term."""

from __future__ import annotations

import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.answers import kind
from lossfn.core.batch import Batch
from lossfn.core.calls import prepared
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.explanation.contributions import Contributions, GroupLoss, RowLoss, contributions, costliest, shares
from lossfn.explanation.explained_page import page
from lossfn.explanation.outliers import classics, outliers
from lossfn.explanation.style import write_whole
from lossfn.explanation.tables import written
from lossfn.explanation.text import call

Array = NDArray[Any]


@dataclass(frozen=True)
class Part(GroupLoss):
    """What a group, a class or a term contributes: `pull` is its part of the gradient, NaN where there is none."""

    pull: float


@dataclass(frozen=True)
class RowPart(RowLoss):
    """What a row contributes: `pull` is its part of the gradient."""

    pull: float


@dataclass(frozen=True)
class Leverage:
    """What the outliers carry under one loss: their part of the loss and of the gradient, and the pull of each row."""

    loss: Loss
    share: float
    pull: float
    pulls: Array


@dataclass(frozen=True)
class Explanation:
    """A loss over data, taken apart. Its text is a table of each kind of part.

    Attributes
    ----------
    loss : Loss
    total : LossSum
    values : array of shape (N,)
        The weighted loss of each row.
    pulls : array of shape (N,)
        Each row's part of the gradient: the length of its own gradient, over the sum of all lengths.
    groups, classes, terms : tuple of Part
        Parts by the group asked for, by the label, by the terms of a sum of losses; the largest share first.
    outliers : bool array of shape (N,)
    leverage : tuple of Leverage
        What outliers carry under this loss, then under others.
    """

    loss: Loss
    total: LossSum
    values: Array
    pulls: Array
    groups: tuple[Part, ...]
    classes: tuple[Part, ...]
    terms: tuple[Part, ...]
    outliers: Array
    leverage: tuple[Leverage, ...]

    def top(self, count: int = 10) -> list[RowPart]:
        """Return the rows that cost most, the largest loss first."""
        rows = costliest(self.values, self.total.total, count)
        return [RowPart(**vars(row), pull=float(self.pulls[row.row])) for row in rows]

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a report with pictures: one HTML file that needs nothing else. Needs matplotlib."""
        write_whole(Path(path), page(self).encode("utf-8"))

    def __str__(self) -> str:
        """Write the loss, then a table of each kind of part there is."""
        return written(self)


def explain(
    loss: Loss,
    prediction: Any,
    target: Any,
    *,
    by: ArrayLike | None = None,
    sample_weight: Any = None,
    against: Iterable[Loss] | None = None,
) -> Explanation:
    """Take a loss apart: which rows, groups, classes and terms carry it, and which of them pull at the model.

    Parameters
    ----------
    loss : Loss
    prediction, target
        As in a call of the loss; the first axis is that of the rows.
    by : array_like of shape (N,), optional
        The group of each row.
    sample_weight : array_like of shape (N,), optional
    against : iterable of Loss, optional
        Losses of the same prediction and target under which the pull of the outliers is shown, too. Classic ones
        by default; () for none.

    Returns
    -------
    Explanation

    Raises
    ------
    ShapeError
        Groups of another length than the rows; and what a call of the loss raises.

    Notes
    -----
    Outliers are found without the loss: residuals beyond three robust spreads (1.4826 MAD) from their median, or
    rows for which another class is held for nine times as probable as the label.

    Examples
    --------
    >>> import lossfn as lf
    >>> found = lf.explain(lf.SquaredError(), [1.0, 2.2, 2.9, 4.0, 5.1], [1.1, 2.0, 3.2, 4.1, 15.0])
    >>> print(found.outliers)
    [False False False False  True]
    >>> for each in found.leverage:
    ...     print(f"{type(each.loss).__name__}: {each.pull:.0%} of the gradient")
    SquaredError: 93% of the gradient
    AbsoluteError: 20% of the gradient
    Huber: 36% of the gradient
    """
    asked, batch = prepared(loss, prediction, target, sample_weight, -1)
    far, arguments = outliers(asked, batch), (prediction, target, sample_weight)
    marked = np.asarray(far.any(axis=tuple(range(1, far.ndim))))
    others = classics(asked, batch) if against is None else against
    parts, pull = contributions(loss, *arguments, by), pulls(loss, *arguments)
    return Explanation(
        loss,
        parts.total,
        parts.terms,
        pull,
        _with_pulls(parts.groups, pull, by),
        _classes(asked, batch, pull, arguments),
        _terms(loss, arguments),
        marked,
        (
            _leverage(loss, parts, pull, marked),
            *(_leverage(o, contributions(o, *arguments), pulls(o, *arguments), marked) for o in others),
        ),
    )


def pulls(loss: Loss, prediction: Any, target: Any, sample_weight: Any) -> Array:
    """Return each row's part of the gradient; NaN under a loss that has none."""
    lengths = _lengths(loss, prediction, target, sample_weight)
    total = lengths.sum()
    return np.asarray(lengths / total if total > 0 else np.full(lengths.shape, np.nan))


def _lengths(loss: Loss, prediction: Any, target: Any, sample_weight: Any) -> Array:
    if not loss.differentiable:
        return np.full(len(np.asarray(target)), np.nan)
    _, slope = loss.value_and_grad(prediction, target, sample_weight=sample_weight, reduction="none")
    each = [np.asarray(s, np.float64) for s in (slope if isinstance(slope, tuple) else (slope,))]
    return np.asarray(np.sqrt(sum(np.square(s).sum(axis=tuple(range(1, s.ndim))) for s in each)))


def _with_pulls(groups: Sequence[GroupLoss], pull: Array, by: ArrayLike | None) -> tuple[Part, ...]:
    if by is None:
        return ()
    names = np.asarray(by).astype(str)
    return tuple(Part(**vars(g), pull=float(pull[names == g.group].sum())) for g in groups if g.count)


def _classes(loss: Any, batch: Batch, pull: Array, arguments: tuple[Any, Any, Any]) -> tuple[Part, ...]:
    if kind(loss) == "numbers" or len(batch.shape) != 1:
        return ()
    label = batch.target if batch.target.ndim == 1 else batch.target.argmax(axis=1)
    whole = label.astype(np.int64)
    if (whole != label).any():
        return ()
    return _with_pulls(contributions(loss, *arguments, whole).groups, pull, whole)


def _terms(loss: Any, arguments: tuple[Any, Any, Any]) -> tuple[Part, ...]:
    named = [(f"{weight:g}·{call(term)}", weight * term) for weight, term in getattr(loss, "terms", ())]
    sums = [term.accumulate(*arguments[:2], sample_weight=arguments[2]) for _, term in named]
    lengths = np.array([_lengths(term, *arguments).sum() for _, term in named])
    totals = np.array([part.total for part in sums])
    each = zip(named, sums, shares(totals, float(totals.sum())), lengths / (lengths.sum() or np.nan), strict=True)
    found = [Part(name, part.count, part.mean(), float(share), float(pull)) for (name, _), part, share, pull in each]
    return tuple(sorted(found, key=lambda part: -part.value))


def _leverage(loss: Loss, parts: Contributions, pull: Array, marked: Array) -> Leverage:
    return Leverage(loss, float(parts.shares[marked].sum()), float(pull[marked].sum()), pull)
