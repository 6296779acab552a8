"""Sets a prediction, target or hyperparameter may come from: checked against, and sampled by tests."""

from __future__ import annotations

from dataclasses import dataclass
from math import inf
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt


class Domain(Protocol):
    """A set of real numbers that can be tested, stated and sampled."""

    def outside(self, m: Any, x: Any) -> Any:
        """Condition, in the vocabulary `m`, that `x` is not in the set; NaN is left to the formula."""

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Draw members, the closed ends among them."""


@dataclass(frozen=True)
class Interval:
    """Numbers between `low` and `high`; an end is a member unless it is open or infinite."""

    low: float = -inf
    high: float = inf
    low_open: bool = False
    high_open: bool = False

    def outside(self, m: Any, x: Any) -> Any:
        """Condition that `x` lies beyond an end, or None where no end can be passed."""
        ends = []
        if self.low > -inf:
            ends.append(x <= self.low if self.low_open else x < self.low)
        if self.high < inf:
            ends.append(x >= self.high if self.high_open else x > self.high)
        return None if not ends else ends[0] if len(ends) == 1 else m.either(*ends)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Draw members: uniform between finite ends, normal or log-normal otherwise."""
        if self.low > -inf and self.high < inf:
            room = (self.high - self.low) / 64  # an open end is not reached by rounding to a narrow dtype
            x = rng.uniform(self.low + room * self.low_open, self.high - room * self.high_open, shape)
        elif self.low > -inf:
            x = self.low + np.exp(rng.normal(0, 1, shape))
        elif self.high < inf:
            x = self.high - np.exp(rng.normal(0, 1, shape))
        else:
            x = rng.normal(0, 2, shape)
        flat = x.reshape(-1)
        if flat.size > 4 and not self.low_open and self.low > -inf:
            flat[0] = self.low
        if flat.size > 4 and not self.high_open and self.high < inf:
            flat[1] = self.high
        return x

    def __contains__(self, x: float) -> bool:
        """Tell whether one number is a member."""
        above = x > self.low if self.low_open else x >= self.low
        below = x < self.high if self.high_open else x <= self.high
        return bool(above and below)

    def __str__(self) -> str:
        """Write the interval as mathematics does."""
        left = "(" if self.low_open or self.low == -inf else "["
        right = ")" if self.high_open or self.high == inf else "]"
        return f"{left}{self.low:g}, {self.high:g}{right}"


@dataclass(frozen=True)
class Choice:
    """A finite set of numbers."""

    values: tuple[float, ...]

    def outside(self, m: Any, x: Any) -> Any:
        """Condition that `x` is none of the values (NaN included: it is no label)."""
        hit = m.equal(x, self.values[0])
        for value in self.values[1:]:
            hit = m.either(hit, m.equal(x, value))
        return m.negate(hit)

    def sample(self, rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.float64]:
        """Draw members uniformly."""
        return rng.choice(np.asarray(self.values), shape)

    def __contains__(self, x: float) -> bool:
        """Tell whether one number is a member."""
        return x in self.values

    def __str__(self) -> str:
        """Write the set as mathematics does."""
        return "{" + ", ".join(f"{value:g}" for value in self.values) + "}"


def meet(one: Any, other: Any) -> Any:
    """Return the members two sets have in common."""
    if isinstance(one, Choice):
        return Choice(tuple(value for value in one.values if value in other))
    if isinstance(other, Choice):
        return meet(other, one)
    low, low_open = max((one.low, one.low_open), (other.low, other.low_open))
    high, high_closed = min((one.high, not one.high_open), (other.high, not other.high_open))
    return Interval(low, high, low_open, not high_closed)


REAL = Interval()
POSITIVE = Interval(0, low_open=True)
NONNEGATIVE = Interval(0)
UNIT = Interval(0, 1)
OPEN_UNIT = Interval(0, 1, low_open=True, high_open=True)
ABOVE_MINUS_ONE = Interval(-1, low_open=True)
