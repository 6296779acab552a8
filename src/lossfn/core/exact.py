"""Sums that are rounded once, so that neither order nor splits show in them."""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.core.arrays import Array

# The least exponent of a fraction of 53 bits, and the unit in which every float64 is a whole number.
LOWEST = -1073
UNIT = 53 - LOWEST
# So many halves of fractions add up in float64 without rounding: 2**16 times 2**27 is below 2**53.
CHUNK = 1 << 16


class ExactSum(float):
    """A sum of float64 numbers, rounded once: a float that remembers what the rounding took from it.

    Sums of such sums are exact again; a quotient of two is rounded once.

    Examples
    --------
    >>> import numpy as np
    >>> from lossfn.core.exact import exact_sum
    >>> total = exact_sum(np.array([1e16, 1.0])) + exact_sum(np.array([-1e16]))
    >>> total
    1.0
    """

    __slots__ = ("beyond", "whole")
    whole: int
    beyond: float

    def __new__(cls, whole: int = 0, beyond: float = 0.0) -> ExactSum:
        """Make a sum of `whole` units of 2**-1126 and the numbers that are not finite."""
        made = super().__new__(cls, beyond or _quotient(whole, 1 << UNIT))
        made.whole, made.beyond = whole, beyond
        return made

    def __add__(self, other: Any) -> ExactSum:
        """Add exactly."""
        more = _remembered(other)
        return ExactSum(self.whole + more.whole, self.beyond + more.beyond)

    __radd__ = __add__

    def __truediv__(self, other: Any) -> float:
        """Divide the exact numbers, and round once."""
        by = _remembered(other)
        if self.beyond or by.beyond or not by.whole:
            return float(self) / float(by)
        return _quotient(self.whole, by.whole)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle what is remembered."""
        return ExactSum, (self.whole, self.beyond)


def exact_sum(numbers: Array) -> ExactSum:
    """Return the exact sum of float64 numbers."""
    flat = numbers.reshape(-1)
    finite = np.isfinite(flat)
    if finite.all():
        return ExactSum(sum(_whole(flat[i : i + CHUNK]) for i in range(0, flat.size, CHUNK)))
    with np.errstate(invalid="ignore"):
        beyond = float(flat[~finite].sum())
    return ExactSum(exact_sum(flat[finite]).whole, beyond)


def _whole(numbers: Array) -> int:
    """Add the fractions of each exponent in two halves, then the exponents' sums as one whole number."""
    fraction, exponent = np.frexp(numbers)
    place = exponent - LOWEST
    high = np.floor(fraction * 2.0**26)
    low = fraction * 2.0**53 - high * 2.0**27
    sums = zip(*(np.bincount(place, weights=half).tolist() for half in (high, low)), strict=True)
    return sum(((int(h) << 27) + int(s)) << shift for shift, (h, s) in enumerate(sums) if h or s)


def _remembered(number: Any) -> ExactSum:
    return number if isinstance(number, ExactSum) else exact_sum(np.array([number], np.float64))


def _quotient(whole: int, by: int) -> float:
    """Divide whole numbers, rounding once; what is too large is infinite."""
    try:
        return whole / by
    except OverflowError:
        return float("inf") if (whole < 0) == (by < 0) else float("-inf")
