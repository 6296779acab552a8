"""Adam and its descendants: a velocity, divided by the usual size of the gradient."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lossfn.nn.optim.base import Optimizer


@dataclass(frozen=True)
class Adam(Optimizer):
    """Steps scaled by running averages of the gradient and of its square.

    Kingma and Ba (2015), https://arxiv.org/abs/1412.6980

    Parameters
    ----------
    learning_rate : float, default 0.001
        Largest usual move of one parameter in one step.
    beta1, beta2 : float, default 0.9 and 0.999
        Memory of the two averages, in [0, 1).
    eps : float, default 1e-8
        Added to the denominator.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer, weights = Adam(learning_rate=0.1), np.array([1.0])
    >>> optimizer.step(weights, np.array([20.0]), optimizer.start(weights))
    >>> weights.round(6)
    array([0.9])
    """

    learning_rate: float = 0.001
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("beta1", 0 <= self.beta1 < 1, "a number in [0, 1)")
        self._require("beta2", 0 <= self.beta2 < 1, "a number in [0, 1)")
        self._require("eps", self.eps >= 0, "zero or a positive number")

    @property
    def averages(self) -> tuple[str, ...]:
        """Names of the running averages."""
        return ("first", "second")

    def numbers(self, step: int) -> dict[str, float]:
        # Averages start at 0: divided by 1 - b^t they are unbiased.
        return self._numbers(1 / (1 - self.beta1**step), 1 / math.sqrt(1 - self.beta2**step), self.eps)

    def _numbers(self, mean: float, root: float, floor: float) -> dict[str, float]:
        news = {"new1": 1 - self.beta1, "new2": 1 - self.beta2}
        return {"rate": self.learning_rate, **news, "mean": mean, "root": root, "floor": floor}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        first = now.first + given.new1 * (now.gradient - now.first)
        second = now.second + given.new2 * (now.gradient * now.gradient - now.second)
        step = given.mean * first / (given.root * m.sqrt(second) + given.floor)
        return {"weight": now.weight - given.rate * step, "first": first, "second": second}


@dataclass(frozen=True)
class AdamW(Adam):
    """Adam that also shrinks the weights, by ``learning_rate * decay`` of themselves a step.

    Loshchilov and Hutter (2019), https://arxiv.org/abs/1711.05101

    Parameters
    ----------
    learning_rate, beta1, beta2, eps : float
        As in `Adam`.
    decay : float, default 0.01
        Weight decay, at least 0.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.
    """

    decay: float = 0.01

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("decay", self.decay >= 0, "zero or a positive number")

    def numbers(self, step: int) -> dict[str, float]:
        return {**super().numbers(step), "decay": self.decay}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        new = super().rule(m, now, given)
        return {**new, "weight": new["weight"] - given.rate * given.decay * now.weight}


@dataclass(frozen=True)
class RAdam(Adam):
    """Adam that takes plain steps until the second average rests on enough gradients.

    Liu and others (2020), https://arxiv.org/abs/1908.03265

    Parameters
    ----------
    learning_rate, beta1, beta2, eps : float
        As in `Adam`.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.
    """

    def numbers(self, step: int) -> dict[str, float]:
        given = super().numbers(step)
        # ρ: the length of the simple average that the running one is worth, at most `most`
        power, most = self.beta2**step, 2 / (1 - self.beta2) - 1
        length = most - 2 * step * power / (1 - power)
        if length <= 5:
            return self._numbers(given["mean"], 0.0, 1.0)
        share = (length - 4) * (length - 2) * most / ((most - 4) * (most - 2) * length)
        stretch = given["root"] / math.sqrt(share)
        return self._numbers(given["mean"], stretch, self.eps * stretch)
