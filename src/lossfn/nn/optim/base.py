"""What an optimizer is: an update rule, written as a formula."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from lossfn.core.maps import Map, trace_map
from lossfn.nn.layers import Array
from lossfn.nn.layers.base import require


@dataclass
class State:
    """What an optimizer remembers from step to step: how many it took, its running averages, its traced rule."""

    update: Map
    averages: dict[str, Array]
    steps: int = 0


@dataclass(frozen=True)
class Optimizer:
    """Hyperparameters and a rule; what changes stands in the `State` that `start` makes and `step` updates.

    A subclass names its running averages and writes `rule`: a formula in the verbs of the losses, which is
    compiled into one pass over memory.

    Parameters
    ----------
    learning_rate : float
        Step length, above 0.

    Raises
    ------
    OptionError
        A hyperparameter outside its range.

    Examples
    --------
    >>> from dataclasses import dataclass
    >>> import numpy as np
    >>> from lossfn.nn import Optimizer
    >>> class SignDescent(Optimizer):
    ...     def rule(self, m, now, given):
    ...         return {"weight": now.weight - given.rate * m.sign(now.gradient)}
    >>> optimizer, weights = SignDescent(0.5), np.array([1.0, 1.0])
    >>> optimizer.step(weights, np.array([20.0, -3.0]), optimizer.start(weights))
    >>> weights
    array([0.5, 1.5])
    """

    learning_rate: float

    @property
    def averages(self) -> tuple[str, ...]:
        """Names of the running averages."""
        return ()

    def __post_init__(self) -> None:
        self._require("learning_rate", self.learning_rate > 0, "a positive number")

    def start(self, parameters: Array) -> State:
        """Return the state before the first step: every average zero."""
        update = trace_map(self.rule, ("weight", "gradient", *self.averages), self.numbers(1))
        return State(update, {name: np.zeros_like(parameters) for name in self.averages})

    def step(self, parameters: Array, gradient: Array, state: State, scale: float = 1.0) -> None:
        """Move `parameters` (in place) one step downhill and update `state`.

        Parameters
        ----------
        parameters, gradient : array of shape (P,)
            Contiguous, of one dtype.
        state : State
            What `start` returned.
        scale : float, default 1.0
            Factor of the learning rate, as a schedule gives it.
        """
        state.steps += 1
        numbers = self.numbers(state.steps)
        numbers["rate"] *= scale
        state.update((parameters, gradient, *state.averages.values()), tuple(numbers.values()))

    def numbers(self, step: int) -> dict[str, float]:
        """Return the plain numbers of this step, counted from 1; "rate" is one of them."""
        return {"rate": self.learning_rate}

    def rule(self, m: Any, now: Any, given: Any) -> Mapping[str, Any]:
        """Return the new "weight" and the new averages, by name.

        `now` holds weight, gradient and the averages before the step, `given` the `numbers`.
        """
        raise NotImplementedError

    def _require(self, argument: str, holds: bool, expected: str) -> None:
        require(holds, type(self).__name__, argument, expected, getattr(self, argument))
