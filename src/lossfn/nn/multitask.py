"""Several tasks in one network, each weighed by how uncertain it is; the weights are learnt with the rest."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import ShapeError, say
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.nn.layers import Array
from lossfn.nn.layers.base import Layer, ones, require


class Uncertainties(Layer):
    """Adds a column for each task: the logarithm of its variance, a parameter that is the same in every row.

    Put it last, under a `MultiTask` loss, which reads the columns it adds.

    Parameters
    ----------
    variances : sequence of float
        Where each task starts: for a squared error the variance of its target, 1 for a cross-entropy.

    Raises
    ------
    OptionError
        No variance, or one that is not above 0.

    Examples
    --------
    >>> import numpy as np
    >>> from lossfn.nn import Sequential, Uncertainties
    >>> Sequential([Uncertainties([1.0, 20.0])]).predict(np.ones((1, 2))).round(4)
    array([[1.    , 1.    , 0.    , 2.9957]], dtype=float32)
    """

    log_variance: Array
    log_variance_gradient: Array

    def __init__(self, variances: Sequence[float]) -> None:
        self.variances, self.tasks = tuple(map(float, variances)), len(variances)
        require(min(self.variances, default=0.0) > 0, "Uncertainties", "variances", "numbers above 0", variances)
        self.shapes = {"log_variance": (self.tasks,)}
        self.bind(np.log(self.variances), np.zeros(self.tasks))

    def __repr__(self) -> str:
        return f"Uncertainties({list(self.variances)})"

    def initialize(self, generator: np.random.Generator) -> None:
        self.log_variance[:] = np.log(self.variances)

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self._kept = x
        added = np.broadcast_to(self.log_variance.astype(x.dtype), (len(x), self.tasks))
        return np.concatenate([x, added], axis=1)

    def backward(self, gradient: Array) -> Array:
        width = self._recall().shape[1]
        self.log_variance_gradient[:] = ones(len(gradient), gradient.dtype).dot(gradient[:, width:])
        return np.ascontiguousarray(gradient[:, :width])


@dataclass(frozen=True)
class TermSum(LossSum):
    """A sum over a batch that remembers the sum of each task."""

    terms: tuple[tuple[str, LossSum], ...] = ()

    def __add__(self, other: Any) -> TermSum:
        """Merge two partial results, task by task."""
        whole = super().__add__(other)
        pairs = zip(self.terms, other.terms, strict=True)
        merged = tuple((name, mine + theirs) for (name, mine), (_, theirs) in pairs)
        return TermSum(whole.total, whole.denominator, whole.count, merged)


@dataclass(frozen=True)
class MultiTask:
    """Σ ½ e^-s L + ½ s over tasks with mean losses L and learnt s: loss and task of a `Trainer` in one.

    s is the logarithm of the variance of a task, the output of `Uncertainties`, the model's last layer. A task with
    large losses is weighed down by itself, whatever its unit. The history has each task's own loss: `train_NAME`.

    Attributes
    ----------
    tasks : mapping of str to (Loss, columns of the output, columns of y)
        Columns are numbers or slices, as they index an array of shape (N, columns).

    Raises
    ------
    ShapeError
        Targets that are not columns, or a model that does not end in `Uncertainties`.

    References
    ----------
    A. Kendall, Y. Gal and R. Cipolla, Multi-task learning using uncertainty to weigh losses, 2018,
    https://arxiv.org/abs/1705.07115

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.nn import MultiTask
    >>> both = MultiTask({"size": (lf.SquaredError(), 0, 0), "kind": (lf.CrossEntropy(), slice(1, 3), 1)})
    >>> value, gradient = both.value_and_grad([[2.0, 0.0, 0.0, 0.0, 0.0]], [[0.0, 1.0]])
    >>> print(value.round(4), gradient)
    2.3466 [[ 2.      0.25   -0.25   -1.5     0.1534]]
    """

    tasks: Mapping[str, tuple[Loss, Any, Any]]
    metric = "unweighted"

    def target(self, y: ArrayLike, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return the targets of all tasks side by side."""
        return np.asarray(y, dtype)

    def prediction(self, output: Array, target: NDArray[Any]) -> Array:
        """Return the output."""
        return output

    def decide(self, output: Array) -> NDArray[Any]:
        """Return the outputs without the columns of the uncertainties."""
        return output[:, : -len(self.tasks)]

    def score(self, prediction: Array, target: NDArray[Any]) -> float:
        """Return what the plain sum of the tasks' losses adds to its mean."""
        return sum(part.mean() for _, part in self._parts(prediction, target, None)) * target.size

    def value_and_grad(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> tuple[Any, Array]:
        """Return the weighted sum of the means and its gradient."""
        output, y = self._checked(prediction, target)
        gradient, total = np.zeros_like(output), 0.0
        for place, (loss, columns, aims) in enumerate(self.tasks.values(), output.shape[1] - len(self.tasks)):
            value, slope = loss.value_and_grad(output[:, columns], _aim(loss, y[:, aims]), sample_weight=sample_weight)
            s = float(output[0, place])
            gradient[:, columns] += 0.5 * np.exp(-s) * slope
            gradient[:, place] = 0.5 * (1.0 - np.exp(-s) * float(value)) / len(output)
            total += 0.5 * (np.exp(-s) * float(value) + s)
        return np.float64(total), gradient

    def accumulate(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> TermSum:
        """Return the weighted sum over a batch, and that of each task alone."""
        output, y = self._checked(prediction, target)
        parts = self._parts(output, y, sample_weight)
        spreads = output[0, -len(self.tasks) :].astype(np.float64)
        mean = sum(0.5 * (np.exp(-s) * part.mean() + s) for s, (_, part) in zip(spreads, parts, strict=True))
        return TermSum(float(mean) * len(output), float(len(output)), len(output), parts)

    def _checked(self, prediction: Any, target: Any) -> tuple[Array, NDArray[Any]]:
        output, y = np.asarray(prediction), np.asarray(target)
        if y.ndim != 2:
            raise ShapeError(say("y", expected="shape (N, columns), the tasks side by side", got=y.shape))
        added = output[:, -len(self.tasks) :]
        if ((added != added[:1]) & np.isfinite(added)).any():
            expected, fix = "Uncertainties as the last layer", f"Uncertainties({[1.0] * len(self.tasks)})"
            raise ShapeError(say("model", expected=expected, got="columns that differ between rows", fix=fix))
        return output, y

    def _parts(self, output: Array, y: NDArray[Any], weight: Any) -> tuple[tuple[str, LossSum], ...]:
        return tuple(
            (name, loss.accumulate(output[:, columns], _aim(loss, y[:, aims]), sample_weight=weight))
            for name, (loss, columns, aims) in self.tasks.items()
        )


def _aim(loss: Any, y: NDArray[Any]) -> NDArray[Any]:
    """Return a target as the loss takes it: class numbers travel as floats beside the others."""
    return y if "target" in loss.inputs else y.astype(np.int64)
