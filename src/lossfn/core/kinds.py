"""The three shapes a loss of this library may have, as its author sees them."""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from lossfn.core import arrays
from lossfn.core.batch import Batch
from lossfn.core.domain import REAL, Domain, Interval
from lossfn.core.errors import ShapeError, say
from lossfn.core.loss import Loss
from lossfn.core.options import option


class Pointwise(Loss, abstract=True):
    """A loss of each element: `formula(m, prediction, target)`.

    A loss of several predictions names them in `predictions`; `formula` then takes them in that order
    before the target, calls take a tuple, and gradients are tuples.

    Examples
    --------
    >>> import lossfn as lf
    >>> class Cubic(lf.Pointwise, register=False):
    ...     def formula(self, m, prediction, target):
    ...         return m.abs(prediction - target) ** 3
    >>> Cubic().value_and_grad([3.0], [1.0])
    (np.float64(8.0), array([12.]))
    """

    predictions: ClassVar[tuple[str, ...]] = ("prediction",)
    prediction_domain: ClassVar[Any] = REAL

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names the formula reads."""
        return (*self.predictions, "target")

    def formula(self, m: Any, *inputs: Any) -> Any:
        """Return the loss of one element, in the verbs of `m`."""
        raise NotImplementedError

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Call `formula` with predictions, then target."""
        return self.formula(m, *(inputs[name] for name in self.inputs))

    def domains(self) -> dict[str, Domain]:
        """Return the domains of predictions and target that are not the whole line."""
        given = self.prediction_domain
        several = given if isinstance(given, tuple) else (given,) * len(self.predictions)
        named = dict(zip(self.predictions, several, strict=True)) | {"target": self.target_domain}
        return {name: domain for name, domain in named.items() if domain != REAL}

    def prepare(self, prediction: Any, target: Any, sample_weight: Any, axis: int) -> Batch:
        """Check that all shapes are equal; a mean divides by the sum of the weights."""
        several = len(self.predictions) > 1
        given = tuple(prediction) if several and isinstance(prediction, (tuple, list)) else (prediction,)
        if len(given) != len(self.predictions):
            names = ", ".join(self.predictions)
            got = f"{len(given)} array" + "s" * (len(given) != 1)
            raise ShapeError(say("prediction", expected=f"a tuple ({names})", got=got, fix=f"loss(({names}), target)"))
        predicted = tuple(arrays.as_array(p, n) for p, n in zip(given, self.predictions, strict=True))
        truth = arrays.as_array(target, "target")
        for name, other in zip((*self.predictions[1:], "target"), (*predicted[1:], truth), strict=True):
            arrays.same_shape(predicted[0], other, name)
        check_tables(self, truth.shape[-1] if truth.ndim else 1, "columns")
        weight = arrays.as_weight(sample_weight, truth.shape)
        count = truth.size if weight is None else int(np.count_nonzero(weight))
        return Batch(predicted, truth, weight, arrays.promote(*predicted, truth), truth.shape, weight, count)


class _OverClasses(Loss, abstract=True):
    """What losses over a class axis share: `log_probs=True` classes take log-probabilities as they are."""

    takes: ClassVar[str] = "logits"

    def rows(self, prediction: Any, axis: int) -> tuple[arrays.Array, tuple[int, ...], int]:
        """Return the prediction as (rows, classes), the shape of the rows and the axis from the end."""
        predicted = arrays.as_array(prediction, "prediction")
        if not -predicted.ndim <= axis < predicted.ndim:
            expected = "an array with a class axis" if not predicted.ndim else f"at least {abs(axis)} dimensions"
            raise ShapeError(say("prediction", expected=expected, got=f"shape {predicted.shape}"))
        moved = predicted if axis in (-1, predicted.ndim - 1) else np.moveaxis(predicted, axis, -1)
        if moved.shape[-1] == 0:
            raise ShapeError(say("prediction", expected="at least one class", got=f"shape {predicted.shape}"))
        return moved.reshape(-1, moved.shape[-1]), moved.shape[:-1], axis % predicted.ndim - predicted.ndim


class Row(_OverClasses, abstract=True):
    """A loss of one row of scores and its class label: `formula(m, row)`.

    `row.log_prob` is the log-probability of the label, `row.log_sum_exp` the normaliser and
    `row.mean_log_prob` the mean over classes with a finite logit of log-probabilities (times
    `class_weight` where the loss has one). Array hyperparameters read as the label's entry.

    Parameters
    ----------
    ignore_index : int, optional
        Label of rows that do not count.

    Examples
    --------
    >>> import lossfn as lf
    >>> class Reciprocal(lf.Row, register=False):
    ...     def formula(self, m, row):
    ...         return m.expm1(-row.log_prob)
    >>> float(Reciprocal()([0.0, 0.0, 0.0], 1))
    2.0
    """

    inputs: ClassVar[tuple[str, ...]] = ("log_prob", "log_sum_exp", "mean_log_prob")
    ignore_index: int | None = option(default=None, static=True, kw_only=True)

    def formula(self, m: Any, row: Any) -> Any:
        """Return the loss of one row, in the verbs of `m`."""
        raise NotImplementedError

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Call `formula` with the row's statistics as attributes."""
        return self.formula(m, SimpleNamespace(**inputs))

    def prepare(self, prediction: Any, target: Any, sample_weight: Any, axis: int) -> Batch:
        """Check labels and weights; a mean divides by Σ sample_weight · class_weight[label]."""
        scores, shape, axis = self.rows(prediction, axis)
        classes = scores.shape[1]
        labels = arrays.as_labels(arrays.as_array(target, "target"), shape, classes)
        given = arrays.as_weight(sample_weight, shape)
        weight = None if given is None else np.ascontiguousarray(given).reshape(-1)
        if self.ignore_index is not None and not (valid := labels != self.ignore_index).all():
            weight = valid * (1.0 if weight is None else weight)
            labels = np.where(valid, labels, 0)
        check_tables(self, classes)
        count = labels.size if weight is None else int(np.count_nonzero(weight))
        divisor = self._divisor(labels, weight, classes)
        return Batch((scores,), labels, weight, arrays.float_dtype(scores), shape, divisor, count, axis)

    def _divisor(self, labels: arrays.Array, weight: arrays.Array | None, classes: int) -> arrays.Array | None:
        table = getattr(self, "class_weight", None)
        if table is None:
            return weight
        arrays.bad_label(labels, None if weight is None else weight != 0, classes)
        of_label: arrays.Array = np.broadcast_to(table, (classes,))[np.clip(labels, 0, classes - 1)]
        return of_label if weight is None else of_label * weight


class Distribution(_OverClasses, abstract=True):
    """A loss of one row of scores and a distribution over its classes: `formula(m, log_prob, target)`.

    The formula gives one class's share; a row's loss is their sum. `takes = "log_probs"` says that the
    prediction holds log-probabilities already; otherwise the shape applies a log-softmax.

    Examples
    --------
    >>> import lossfn as lf
    >>> class Brier(lf.Distribution, register=False):
    ...     def formula(self, m, log_prob, target):
    ...         return (m.exp(log_prob) - target) ** 2
    >>> float(Brier()([0.0, 0.0], [1.0, 0.0]))
    0.5
    """

    inputs: ClassVar[tuple[str, ...]] = ("log_prob", "target")
    target_domain: ClassVar[Any] = Interval(0)

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """Return one class's share of the loss, in the verbs of `m`."""
        raise NotImplementedError

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Call `formula` with log-probability and target of one class."""
        return self.formula(m, inputs["log_prob"], inputs["target"])

    def domains(self) -> dict[str, Domain]:
        """Return the target's domain where it is not the whole line."""
        return {} if self.target_domain == REAL else {"target": self.target_domain}

    def prepare(self, prediction: Any, target: Any, sample_weight: Any, axis: int) -> Batch:
        """Check that target and prediction have one shape; a mean divides by the number of rows."""
        arrays.same_shape(arrays.as_array(prediction, "prediction"), arrays.as_array(target, "target"))
        scores, shape, axis = self.rows(prediction, axis)
        truth = self.rows(target, axis)[0]
        check_tables(self, scores.shape[1])
        given = arrays.as_weight(sample_weight, shape)
        weight = None if given is None else np.ascontiguousarray(given).reshape(-1)
        count = scores.shape[0] if weight is None else int(np.count_nonzero(weight))
        return Batch((scores,), truth, weight, arrays.promote(scores, truth), shape, weight, count, axis)


def check_tables(loss: Loss, size: int, what: str = "classes") -> None:
    """Raise unless every array hyperparameter has one number, or one for each class or column."""
    for name, table in loss.settings().items():
        if isinstance(table, np.ndarray) and table.ndim and table.size != size:
            expected, argument = f"one number for each of {size} {what}", name.rpartition(".")[2]
            raise ShapeError(say(argument, expected=expected, got=f"shape {table.shape}"))
