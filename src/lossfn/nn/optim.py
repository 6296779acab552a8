"""Optimizers on one flat parameter vector, equal to torch.optim step for step."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Protocol

import numpy as np

from lossfn.core.errors import OptionError, say
from lossfn.nn.layers import Array


@dataclass
class State:
    """What an optimizer remembers from step to step: how many it took and its running averages."""

    steps: int = 0
    averages: dict[str, Array] = field(default_factory=dict)


class Optimizer(Protocol):
    """Hyperparameters only; what changes stands in the `State` that `start` makes and `step` updates."""

    def start(self, parameters: Array) -> State:
        """Return the state before the first step."""

    def step(self, parameters: Array, gradient: Array, state: State) -> None:
        """Move `parameters` (in place) one step downhill and update `state`."""


@dataclass(frozen=True)
class SGD:
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
        _require(self.learning_rate > 0, "SGD", "learning_rate", "a positive number", self.learning_rate)
        _require(0 <= self.momentum < 1, "SGD", "momentum", "a number in [0, 1)", self.momentum)
        nesterov_moves = self.momentum > 0 or not self.nesterov
        _require(nesterov_moves, "SGD", "momentum", "a positive number with nesterov", self.momentum)

    def start(self, parameters: Array) -> State:
        """Return the state before the first step: no velocity."""
        return State(averages={"velocity": np.zeros_like(parameters)} if self.momentum else {})

    def step(self, parameters: Array, gradient: Array, state: State) -> None:
        """Move `parameters` (in place) one step downhill and update `state`."""
        # v <- momentum v + g,  w <- w - rate v   (nesterov: w <- w - rate (g + momentum v))
        state.steps += 1
        direction = gradient
        if self.momentum:
            velocity = state.averages["velocity"]
            velocity *= self.momentum
            velocity += gradient
            direction = gradient + self.momentum * velocity if self.nesterov else velocity
        parameters -= self.learning_rate * direction


@dataclass(frozen=True)
class Adam:
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
        _require(self.learning_rate > 0, "Adam", "learning_rate", "a positive number", self.learning_rate)
        _require(0 <= self.beta1 < 1, "Adam", "beta1", "a number in [0, 1)", self.beta1)
        _require(0 <= self.beta2 < 1, "Adam", "beta2", "a number in [0, 1)", self.beta2)
        _require(self.eps >= 0, "Adam", "eps", "zero or a positive number", self.eps)

    def start(self, parameters: Array) -> State:
        """Return the state before the first step: both averages zero."""
        return State(averages={"first": np.zeros_like(parameters), "second": np.zeros_like(parameters)})

    def step(self, parameters: Array, gradient: Array, state: State) -> None:
        """Move `parameters` (in place) one step downhill and update `state`."""
        # m <- b1 m + (1 - b1) g,  v <- b2 v + (1 - b2) g²,  both divided by 1 - b^t because they start at 0
        # w <- w - rate m̂ / (sqrt(v̂) + eps)
        state.steps += 1
        first, second = state.averages["first"], state.averages["second"]
        first += (1 - self.beta1) * (gradient - first)
        second += (1 - self.beta2) * (gradient * gradient - second)
        scale = np.sqrt(second)
        scale *= (1 - self.beta2**state.steps) ** -0.5
        scale += self.eps
        np.divide(first, scale, out=scale)
        scale *= self.learning_rate / (1 - self.beta1**state.steps)
        parameters -= scale


def _require(holds: bool, owner: str, argument: str, expected: str, got: float) -> None:
    if not holds:
        raise OptionError(say(f"{argument} of {owner}", expected=expected, got=got))
