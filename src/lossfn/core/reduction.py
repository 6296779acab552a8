"""From terms to one number: sums that can be merged, and what a mean of nothing is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from lossfn.core.errors import ArgumentError, OptionError, say

EMPTY = ("zero", "nan", "error")


@dataclass(frozen=True)
class LossSum:
    """A mergeable partial result: `a + b` is the sum over both batches.

    Attributes
    ----------
    total
        Σ sample_weight · loss.
    denominator
        What a mean divides by: Σ sample_weight (times the label's class weight), ignored rows excluded.
    count
        Number of terms that were not ignored and have a weight above 0.

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.SquaredError()
    >>> part = loss.accumulate([1.0, 2.0], [0.0, 0.0]) + loss.accumulate([3.0], [0.0])
    >>> part
    LossSum(total=14.0, denominator=3.0, count=3)
    >>> round(part.mean(), 4)
    4.6667
    """

    total: float = 0.0
    denominator: float = 0.0
    count: int = 0

    def __add__(self, other: LossSum) -> LossSum:
        """Merge two partial results."""
        if not isinstance(other, LossSum):
            return NotImplemented
        return type(self)(self.total + other.total, self.denominator + other.denominator, self.count + other.count)

    def __radd__(self, other: int) -> LossSum:
        """Let `sum(parts)` work, which starts from 0."""
        return self if other == 0 else NotImplemented

    def mean(self, empty: str = "zero") -> float:
        """Divide once, at the end; `empty` says what a mean of nothing is: "zero", "nan" or "error"."""
        if self.denominator:
            return self.total / self.denominator
        nothing = mean_of_nothing(empty)
        # A total that backpropagates still does: a batch in which nothing counts must not end a training.
        return nothing if isinstance(self.total, float) else nothing + 0.0 * self.total


def mean_of_nothing(empty: str) -> float:
    """Return the mean over no weight at all, as the caller chose it."""
    if empty == "error":
        raise ArgumentError(
            say(
                "batch",
                expected="at least one row that is not ignored and has a weight above 0",
                got="none",
                cause="an empty batch, all labels ignored or all weights 0",
                fix='empty="zero" or empty="nan"',
            )
        )
    return 0.0 if known_empty(empty) == "zero" else float("nan")


def known_empty(empty: str) -> str:
    """Return what a mean of nothing is to be, or raise if there is no such choice."""
    if empty not in EMPTY:
        raise OptionError(say("empty", expected='"zero", "nan" or "error"', got=repr(empty)))
    return empty


def gradient_scale(reduction: str, denominator: float) -> float:
    """Return what each term's gradient is multiplied by under a reduction."""
    if reduction != "mean":
        return 1.0
    return 1.0 / denominator if denominator else 0.0


def in_dtype(total: float, dtype: np.dtype[np.generic]) -> np.floating:
    """Return a reduced value as a scalar: float64 for float64, float32 for float32 and narrower."""
    if dtype == np.float64:
        return np.float64(total)
    with np.errstate(over="ignore"):  # what float32 cannot hold is infinite there
        return np.float32(total)
