"""Steps divided, parameter by parameter, by the usual size of the gradient."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lossfn.nn.optim.base import Optimizer


@dataclass(frozen=True)
class Adagrad(Optimizer):
    """Divides by the root of the sum of all squared gradients so far.

    Duchi, Hazan and Singer (2011), https://jmlr.org/papers/v12/duchi11a.html

    Parameters
    ----------
    learning_rate : float, default 0.01
        Length of the first step.
    eps : float, default 1e-10
        Added to the denominator.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer, weights = Adagrad(learning_rate=0.5), np.array([1.0])
    >>> optimizer.step(weights, np.array([20.0]), optimizer.start(weights))
    >>> weights.round(6)
    array([0.5])
    """

    learning_rate: float = 0.01
    eps: float = 1e-10

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("eps", self.eps >= 0, "zero or a positive number")

    @property
    def averages(self) -> tuple[str, ...]:
        """Names of the running averages."""
        return ("sum",)

    def numbers(self, step: int) -> dict[str, float]:
        return {"rate": self.learning_rate, "eps": self.eps}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        total = now.sum + now.gradient * now.gradient
        return {"weight": now.weight - given.rate * now.gradient / (m.sqrt(total) + given.eps), "sum": total}


@dataclass(frozen=True)
class RMSProp(Optimizer):
    """Divides by the root of a running average of the squared gradient.

    Hinton (2012), https://www.cs.toronto.edu/~tijmen/csc321/slides/lecture_slides_lec6.pdf

    Parameters
    ----------
    learning_rate : float, default 0.01
    decay : float, default 0.99
        Memory of the average, in [0, 1).
    eps : float, default 1e-8
        Added to the denominator.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.
    """

    learning_rate: float = 0.01
    decay: float = 0.99
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("decay", 0 <= self.decay < 1, "a number in [0, 1)")
        self._require("eps", self.eps >= 0, "zero or a positive number")

    @property
    def averages(self) -> tuple[str, ...]:
        """Names of the running averages."""
        return ("square",)

    def numbers(self, step: int) -> dict[str, float]:
        return {"rate": self.learning_rate, "new": 1 - self.decay, "eps": self.eps}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        square = now.square + given.new * (now.gradient * now.gradient - now.square)
        return {"weight": now.weight - given.rate * now.gradient / (m.sqrt(square) + given.eps), "square": square}


@dataclass(frozen=True)
class Adadelta(Optimizer):
    """RMSProp whose rate is the usual size of its own steps: no unit of the loss is left in it.

    Zeiler (2012), https://arxiv.org/abs/1212.5701

    Parameters
    ----------
    learning_rate : float, default 1.0
    decay : float, default 0.9
        Memory of both averages, in [0, 1).
    eps : float, default 1e-6
        Added under both roots: it gives the first step its length.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.
    """

    learning_rate: float = 1.0
    decay: float = 0.9
    eps: float = 1e-6

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("decay", 0 <= self.decay < 1, "a number in [0, 1)")
        self._require("eps", self.eps > 0, "a positive number")

    @property
    def averages(self) -> tuple[str, ...]:
        """Names of the running averages."""
        return ("square", "moved")

    def numbers(self, step: int) -> dict[str, float]:
        return {"rate": self.learning_rate, "new": 1 - self.decay, "eps": self.eps}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        square = now.square + given.new * (now.gradient * now.gradient - now.square)
        move = m.sqrt(now.moved + given.eps) / m.sqrt(square + given.eps) * now.gradient
        moved = now.moved + given.new * (move * move - now.moved)
        return {"weight": now.weight - given.rate * move, "square": square, "moved": moved}
