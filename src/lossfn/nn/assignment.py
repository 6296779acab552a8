"""What a network is to learn: any loss over its outputs, and what the outputs then mean."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lossfn.core.answers import kind, number, probability
from lossfn.core.arrays import Array
from lossfn.core.errors import OptionError, say
from lossfn.core.links import domains, into
from lossfn.core.reduction import LossSum
from lossfn.core.scores import Scored
from lossfn.engines.reference import M
from lossfn.shapes.distribution import softmax


@dataclass(frozen=True)
class Assignment:
    """Loss and task of a `Trainer` in one: the scores are start + unit · output.

    A network begins near outputs of 0, so `start` is what it predicts first and `unit` how far a step goes. Targets
    are numbers, or class numbers 0, 1, … of `classes` classes.
    """

    loss: Any
    scored: Scored
    start: Array
    unit: Array
    classes: int = 0

    @property
    def metric(self) -> str:
        """The accuracy, or the mean squared error of what the loss estimates."""
        return "accuracy" if self.classes else "mse"

    def target(self, y: Any, dtype: np.dtype[Any]) -> Array:
        """Return class numbers as they are, numbers in the type of the network."""
        return np.asarray(y, np.int64 if self.classes else dtype)

    def prediction(self, output: Array, target: Array) -> Array:
        """Return the output."""
        return output

    def score(self, prediction: Array, target: Array) -> float:
        """Return the number of hits, or the sum of squared errors."""
        decided = self.decide(prediction)
        return float(np.count_nonzero(decided == target) if self.classes else np.square(decided - target).sum())

    def decide(self, output: Array) -> Array:
        """Return class numbers, or the numbers the loss estimates."""
        scores = self.placed(output)
        if not self.classes:
            return np.asarray(number(M, self.loss, *scores.T))
        return np.asarray(scores[:, 0] > 0.0, np.int64) if scores.shape[1] == 1 else scores.argmax(axis=1)

    def placed(self, output: Array) -> Array:
        """Return the scores that outputs stand for."""
        return np.asarray(self.start.astype(output.dtype) + self.unit.astype(output.dtype) * output)

    def value_and_grad(self, prediction: Array, target: Any, *, sample_weight: Any = None) -> tuple[Any, Array]:
        """Return the mean and its slopes in the outputs."""
        truth = self._truth(prediction, target)
        value, slope = self.scored.value_and_grad(self.placed(prediction), truth, sample_weight=sample_weight)
        return value, slope * self.unit.astype(slope.dtype)

    def accumulate(self, prediction: Array, target: Any, *, sample_weight: Any = None) -> LossSum:
        """Return the sum over a batch."""
        truth = self._truth(prediction, target)
        return self.scored.accumulate(self.placed(prediction), truth, sample_weight=sample_weight)

    def _truth(self, prediction: Array, target: Any) -> Array:
        truth = self.scored.truth(target)
        return truth.astype(prediction.dtype, copy=False) if truth.dtype.kind == "f" else truth


def probabilities(loss: Any, scores: Array) -> Array:
    """Return the probabilities of the classes, shape (n, n_classes), from scores of shape (n, n_classes) or (n,)."""
    if scores.ndim == 2:
        return softmax(scores)[1]
    if kind(loss) == "classes":
        return softmax(scores[:, None] * [-0.5, 0.5])[1]
    read: Any = probability(loss)
    second = read(M, scores)
    return np.stack([1.0 - second, second], axis=1)


def deviation(loss: Any, scores: Array) -> Array:
    """Return the standard deviation a loss of mean and variance predicts."""
    if tuple(loss.predictions) != ("mean", "variance"):
        raise OptionError(
            say("return_std", expected="a loss of mean and variance", got=repr(loss), fix="GaussianNLL()")
        )
    return np.asarray(np.sqrt(into(M, domains(loss)["variance"], scores[:, 1])))
