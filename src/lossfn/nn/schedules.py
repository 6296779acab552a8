"""How the learning rate changes: factors of it as functions of time.

Time is counted in epochs: 0 at the first step, 1 when the data have been seen once. Between whole numbers
smooth schedules move at each step, those in stairs stand still. A schedule has no state.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

from lossfn.nn.layers.base import require


class Schedule(Protocol):
    """A factor of the learning rate; any function of the time will do."""

    def __call__(self, time: float) -> float:
        """Return the factor at this time."""


@dataclass(frozen=True)
class Constant:
    """The same factor always.

    Parameters
    ----------
    factor : float, default 1.0
    """

    factor: float = 1.0

    def __call__(self, time: float) -> float:
        return self.factor


@dataclass(frozen=True)
class Step:
    """Falls to `factor` of itself every so many epochs.

    Parameters
    ----------
    every : int
        Epochs between two falls.
    factor : float, default 0.1

    Examples
    --------
    >>> schedule = Step(every=10, factor=0.5)
    >>> [schedule(time) for time in (0, 9.9, 10, 25)]
    [1.0, 1.0, 0.5, 0.25]
    """

    every: int
    factor: float = 0.1

    def __post_init__(self) -> None:
        require(self.every >= 1, "Step", "every", "a whole number of at least 1", self.every)

    def __call__(self, time: float) -> float:
        return float(self.factor ** (time // self.every))


@dataclass(frozen=True)
class MultiStep:
    """Falls to `factor` of itself at each of the epochs named.

    Parameters
    ----------
    epochs : tuple of float
    factor : float, default 0.1
    """

    epochs: tuple[float, ...]
    factor: float = 0.1

    def __call__(self, time: float) -> float:
        return float(self.factor ** sum(time >= epoch for epoch in self.epochs))


@dataclass(frozen=True)
class Exponential:
    """Falls to `factor` of itself in each epoch, smoothly.

    Parameters
    ----------
    factor : float
    """

    factor: float

    def __call__(self, time: float) -> float:
        return float(self.factor**time)


@dataclass(frozen=True)
class Linear:
    """Goes straight from one factor to another, and stays there.

    Parameters
    ----------
    epochs : float
        How long it takes.
    start, end : float, default 1.0 and 0.0
    """

    epochs: float
    start: float = 1.0
    end: float = 0.0

    def __post_init__(self) -> None:
        require(self.epochs > 0, "Linear", "epochs", "a positive number", self.epochs)

    def __call__(self, time: float) -> float:
        return self.start + (self.end - self.start) * min(time / self.epochs, 1.0)


@dataclass(frozen=True)
class Cosine:
    """Falls from 1 to `end` along half a cosine wave, and stays there.

    Loshchilov and Hutter (2017), https://arxiv.org/abs/1608.03983

    Parameters
    ----------
    epochs : float
        How long it takes.
    end : float, default 0.0
    """

    epochs: float
    end: float = 0.0

    def __post_init__(self) -> None:
        require(self.epochs > 0, "Cosine", "epochs", "a positive number", self.epochs)

    def __call__(self, time: float) -> float:
        share = min(time / self.epochs, 1.0)
        return self.end + (1 - self.end) * (1 + math.cos(math.pi * share)) / 2


@dataclass(frozen=True)
class Cyclic:
    """Rises from 1 to `peak` and falls back, again and again, along straight lines.

    Smith (2017), https://arxiv.org/abs/1506.01186

    Parameters
    ----------
    up, down : float
        Epochs of the rise and of the fall.
    peak : float, default 10.0
    """

    up: float
    down: float
    peak: float = 10.0

    def __post_init__(self) -> None:
        require(min(self.up, self.down) > 0, "Cyclic", "up, down", "positive numbers", (self.up, self.down))

    def __call__(self, time: float) -> float:
        now = time % (self.up + self.down)
        height = now / self.up if now <= self.up else 1 - (now - self.up) / self.down
        return 1 + (self.peak - 1) * height


@dataclass(frozen=True)
class WarmUp:
    """Rises straight from `start` to 1; then another schedule begins, at its own time 0.

    Parameters
    ----------
    epochs : float
        How long the rise takes.
    then : Schedule, default Constant()
    start : float, default 0.0

    Examples
    --------
    >>> schedule = WarmUp(2, then=Step(every=1, factor=0.5))
    >>> [schedule(time) for time in (0, 1, 2, 3)]
    [0.0, 0.5, 1.0, 0.5]
    """

    epochs: float
    then: Schedule = Constant()
    start: float = 0.0

    def __post_init__(self) -> None:
        require(self.epochs > 0, "WarmUp", "epochs", "a positive number", self.epochs)

    def __call__(self, time: float) -> float:
        if time >= self.epochs:
            return self.then(time - self.epochs)
        return self.start + (1 - self.start) * time / self.epochs
