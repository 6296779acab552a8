"""The part a loss can play in a training: numbers, two classes or several, and on which data."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

import lossfn as lf
from lossfn.cli.faults import InputError, listed
from lossfn.cli.heads import Array, Columns, Headed, LogProbabilities, Plain
from lossfn.core.domain import REAL, UNIT, Choice
from lossfn.core.kinds import Distribution, Pointwise
from lossfn.core.loss import Loss
from lossfn.nn import Dataset

LOG_OF_MEAN = "log of the mean"


@dataclass(frozen=True)
class Role:
    """How a loss is trained with: what it sees, how the network's output is scored, the unit of the target.

    The target is (y − shift) / scale. A classification is scored by its accuracy, a regression by the mean squared
    error in the unit of y.
    """

    seen: Headed
    outputs: int
    metric: str
    decide: Callable[[Array], Array] = field(repr=False)
    shift: float = 0.0
    scale: float = 1.0

    def target(self, y: Any, dtype: Any) -> Array:
        """Return the target in its own unit; class numbers as they are."""
        return np.asarray(y) if self.metric == "accuracy" else (np.asarray(y, np.float64) - self.shift) / self.scale

    def prediction(self, output: Array, target: Array) -> Array:
        """Return one output as a flat array, several as they are."""
        return output[:, 0] if self.outputs == 1 else output

    def scores(self, prediction: Array, target: Array) -> Array:
        """Return hits, or squared errors in the unit of y."""
        decided = self.decide(prediction.reshape(len(prediction), -1))
        if self.metric == "accuracy":
            return np.asarray(decided == target)
        return np.square((decided - target) * self.scale)

    def back(self, values: Array) -> Array:
        """Return values of the target in the unit of y."""
        return values if self.metric == "accuracy" else values * self.scale + self.shift


def kind(loss: Any) -> str:
    """Say what a loss is for: "numbers", "two classes" or "classes"."""
    if not isinstance(loss, Pointwise):
        return "classes"
    return "two classes" if isinstance(loss.target_domain, Choice) or loss.target_domain == UNIT else "numbers"


def role(loss: Loss, data: Dataset) -> Role:
    """Return the part a loss plays on these data, or say which losses fit them."""
    wrong = _misfit(loss, data)
    if wrong:
        raise InputError(f"{type(loss).__name__} {wrong}. Losses that fit {data.name}: {listed(_fitting(data), 40)}.")
    if kind(loss) == "numbers":
        return _numbers(loss, data.y_train)
    return _two_classes(loss) if kind(loss) == "two classes" else _classes(loss, len(data.class_names))


def _misfit(loss: Loss, data: Dataset) -> str:
    classes, what = len(data.class_names), kind(loss)
    if not loss.differentiable:
        return "has no gradient to train with"
    if loss.estimates.startswith("nothing"):
        return "is a penalty to add to another loss and learns nothing alone"
    if not classes and what != "numbers":
        return f"is for {what}, and the target of {data.name} is a number"
    if classes and what == "numbers":
        return f"is for numbers, and {data.name} has {classes} classes"
    if what == "two classes" and classes != 2:
        return f"is for two classes, and {data.name} has {classes}"
    return "" if classes else _outside(loss, data.y_train)


def _outside(loss: Loss, y: Array) -> str:
    domain: Any = loss.domains().get("target", REAL)
    least = float(y.min())
    return "" if domain == REAL or least in domain else f"takes targets in {domain}, and the least here is {least:g}"


def _fitting(data: Dataset) -> list[str]:
    losses = (lf.get(name) for name in lf.list_losses())
    return [type(loss).__name__ for loss in losses if not _misfit(loss, data)]


def _numbers(loss: Any, y: Array) -> Role:
    free = loss.target_domain == REAL
    shift, scale = (float(y.mean()), float(y.std())) if free else (0.0, float(np.abs(y).mean()))
    several = loss.prediction_domain if isinstance(loss.prediction_domain, tuple) else (loss.prediction_domain,)
    head = Plain() if several == (REAL,) else Columns(several)
    log = loss.estimates == LOG_OF_MEAN

    def decide(output: Array) -> Array:
        taken = head.forward(output[:, 0] if len(several) == 1 else output)
        first = taken[0] if len(several) > 1 else taken
        return np.exp(first) if log else np.asarray(first)

    return Role(Headed(loss, head), len(several), "mse", decide, shift, scale or 1.0)


def _two_classes(loss: Any) -> Role:
    head = Columns((UNIT,)) if loss.prediction_domain == UNIT else Plain()
    minus = getattr(loss, "labels", "01") == "pm1"
    convert = _signs if minus else np.asarray
    return Role(Headed(loss, head, convert), 1, "accuracy", lambda output: np.asarray(output[:, 0] > 0, np.int64))


def _signs(labels: Array) -> Array:
    return 2 * labels - 1


def _classes(loss: Any, classes: int) -> Role:
    head = LogProbabilities() if loss.takes == "log_probs" else Plain()

    def spread(labels: Array) -> Array:
        with np.errstate(divide="ignore"):
            return np.log(lf.one_hot(labels, classes)) if loss.log_target else lf.one_hot(labels, classes)

    convert: Callable[[Array], Array] = spread if isinstance(loss, Distribution) else np.asarray
    return Role(Headed(loss, head, convert), classes, "accuracy", lambda output: np.argmax(output, axis=1))
