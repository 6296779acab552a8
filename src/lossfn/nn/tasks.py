"""What a network's output means: how it meets the target, how it is scored, what it predicts."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import OptionError, TargetError, say
from lossfn.nn.layers import Array
from lossfn.nn.rows import number_array


class Task(Protocol):
    """The meaning of an output of shape (N, outputs)."""

    @property
    def metric(self) -> str:
        """The name of the metric."""

    def target(self, y: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the targets as the loss wants them."""

    def prediction(self, output: Array, target: NDArray[Any]) -> Array:
        """Return the output in the shape in which the loss compares it with `target`."""

    def score(self, prediction: Array, target: NDArray[Any]) -> float:
        """Return the sum over the batch of what the metric is the mean of."""

    def decide(self, output: Array) -> NDArray[Any]:
        """Return what a user wants to know: values or class numbers."""


class Regression:
    """Numbers; one output column meets a target of shape (N,) as shape (N,)."""

    metric = "mse"

    def target(self, y: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
        return number_array("y", y, dtype)

    def prediction(self, output: Array, target: NDArray[Any]) -> Array:
        return output[:, 0] if target.ndim == 1 and output.shape[1] == 1 else output

    def score(self, prediction: Array, target: NDArray[Any]) -> float:
        residual = np.ravel(prediction - target)
        return float(residual @ residual)

    def decide(self, output: Array) -> NDArray[Any]:
        return output[:, 0] if output.shape[1] == 1 else output


class BinaryClassification:
    """One logit a row: class 1 where it is positive. Targets are 0 and 1 as floats."""

    metric = "accuracy"

    def target(self, y: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
        return number_array("y", y, dtype)

    def prediction(self, output: Array, target: NDArray[Any]) -> Array:
        return output[:, 0]

    def score(self, prediction: Array, target: NDArray[Any]) -> float:
        return float(np.count_nonzero((prediction > 0) == (target > 0.5)))

    def decide(self, output: Array) -> NDArray[Any]:
        return np.greater(output[:, 0], 0).astype(np.int64)


class MultiClassification:
    """One logit a class: the largest wins. Targets are class numbers."""

    metric = "accuracy"

    def target(self, y: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
        labels = np.asarray(y)
        if labels.dtype.kind not in "biu":
            expected, got = "integer class numbers 0, 1, 2, ...", f"dtype {labels.dtype}"
            fix = "names, y = np.unique(y, return_inverse=True)"
            raise TargetError(say("y", expected=expected, got=got, cause="class names or floats", fix=fix))
        return labels

    def prediction(self, output: Array, target: NDArray[Any]) -> Array:
        return output

    def score(self, prediction: Array, target: NDArray[Any]) -> float:
        return float(np.count_nonzero(prediction.argmax(axis=1) == target))

    def decide(self, output: Array) -> NDArray[Any]:
        labels: NDArray[Any] = output.argmax(axis=1)
        return labels


def choose_task(task: str | Task, outputs: int) -> Task:
    """Return the meaning of `outputs` columns under the word a user says; a meaning of their own as it is."""
    if not isinstance(task, str):
        return task
    if task == "regression":
        return Regression()
    if task == "classification":
        return BinaryClassification() if outputs == 1 else MultiClassification()
    raise OptionError(say("task", expected="'regression' or 'classification'", got=repr(task)))
