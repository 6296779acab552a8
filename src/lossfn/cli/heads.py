"""What stands between a network's output and a loss: the set a prediction comes from, and back the chain rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

import lossfn as lf
from lossfn.core.domain import UNIT, Interval
from lossfn.core.loss import Loss

Array = NDArray[Any]


class Head(Protocol):
    """The map from the output of a network to what a loss takes."""

    def forward(self, output: Array) -> Any:
        """Return what the loss takes."""

    def backward(self, output: Array, gradient: Any) -> Array:
        """Return the slope in the output from the slope in what the loss took."""


class Plain:
    """The output as it is: class scores, a logit, a number on the whole line."""

    def forward(self, output: Array) -> Any:
        return output

    def backward(self, output: Array, gradient: Any) -> Array:
        return np.asarray(gradient)


class LogProbabilities:
    """The log-softmax of class scores."""

    def forward(self, output: Array) -> Any:
        return lf.log_softmax(output.astype(np.float64))

    def backward(self, output: Array, gradient: Any) -> Array:
        # d log p_j / d x_k = 1[j = k] - p_k
        probabilities = np.exp(self.forward(output))
        return np.asarray(gradient - probabilities * gradient.sum(axis=1, keepdims=True))


@dataclass(frozen=True)
class Columns:
    """Each column mapped into the set its prediction comes from."""

    domains: tuple[Interval, ...]

    def forward(self, output: Array) -> Any:
        columns = output.astype(np.float64).reshape(len(output), -1).T
        parts = tuple(into(domain)[0](column) for domain, column in zip(self.domains, columns, strict=True))
        return parts if len(parts) > 1 else parts[0]

    def backward(self, output: Array, gradient: Any) -> Array:
        columns = output.astype(np.float64).reshape(len(output), -1).T
        slopes = gradient if isinstance(gradient, tuple) else (gradient,)
        parts = zip(self.domains, columns, slopes, strict=True)
        return np.column_stack([slope * into(domain)[1](column) for domain, column, slope in parts])


def into(domain: Interval) -> tuple[Callable[[Array], Array], Callable[[Array], Array]]:
    """Return a map of the whole line into an interval, and its slope."""
    if domain == UNIT:
        return lf.sigmoid, lambda x: lf.sigmoid(x) * lf.sigmoid(-x)
    if domain.low > -np.inf:
        return lambda x: domain.low + lf.softplus(x), lf.sigmoid
    return np.asarray, np.ones_like


@dataclass(frozen=True)
class Headed:
    """A loss together with its head: what training sees of it."""

    loss: Loss
    head: Head
    convert: Callable[[Array], Array] = np.asarray

    def value_and_grad(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> tuple[Any, Any]:
        """Return the mean, and its gradient in the output of the network."""
        taken, truth = self.head.forward(prediction), self.convert(target)
        value, gradient = self.loss.value_and_grad(taken, truth, sample_weight=sample_weight)
        return value, self.head.backward(prediction, gradient)

    def accumulate(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> Any:
        """Return the sum over a batch."""
        taken, truth = self.head.forward(prediction), self.convert(target)
        return self.loss.accumulate(taken, truth, sample_weight=sample_weight)
