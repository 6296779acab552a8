"""Gradient descent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from lossfn.nn.optim.base import Optimizer


@dataclass(frozen=True)
class SGD(Optimizer):
    """Gradient descent, with a heavy ball on request.

    Parameters
    ----------
    learning_rate : float, default 0.01
        Step length.
    momentum : float, default 0.0
        Share of the last velocity kept, in [0, 1).
    nesterov : bool, default False
        Look one step ahead along the velocity; needs a momentum.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.

    Examples
    --------
    >>> import numpy as np
    >>> optimizer, weights = SGD(learning_rate=0.5), np.array([1.0])
    >>> optimizer.step(weights, np.array([2.0]), optimizer.start(weights))
    >>> weights
    array([0.])
    """

    learning_rate: float = 0.01
    momentum: float = 0.0
    nesterov: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        self._require("momentum", 0 <= self.momentum < 1, "a number in [0, 1)")
        self._require("momentum", self.momentum > 0 or not self.nesterov, "a positive number with nesterov")

    @property
    def averages(self) -> tuple[str, ...]:
        """The velocity, where there is a momentum."""
        return ("velocity",) if self.momentum else ()

    def numbers(self, step: int) -> dict[str, float]:
        return {"rate": self.learning_rate, "momentum": self.momentum}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        if not self.momentum:
            return {"weight": now.weight - given.rate * now.gradient}
        velocity = given.momentum * now.velocity + now.gradient
        ahead = now.gradient + given.momentum * velocity if self.nesterov else velocity
        return {"weight": now.weight - given.rate * ahead, "velocity": velocity}
