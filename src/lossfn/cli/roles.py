"""The part a loss can play in a training: numbers, two classes or several, and on which data."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

import lossfn as lf
from lossfn.cli.faults import InputError, listed
from lossfn.core.answers import kind
from lossfn.core.arrays import Array
from lossfn.core.domain import REAL
from lossfn.core.loss import Loss
from lossfn.core.scores import Scored
from lossfn.nn import Dataset
from lossfn.nn.assignment import Assignment
from lossfn.nn.data import center_and_width


@dataclass(frozen=True)
class Role(Assignment):
    """How a loss is trained with, and the unit of the target: it sees (y − shift) / scale.

    A classification is scored by its accuracy, a regression by the mean squared error in the unit of y.
    """

    shift: float = 0.0
    scale: float = 1.0

    def target(self, y: Any, dtype: Any) -> Array:
        """Return the target in its own unit; class numbers as they are."""
        return np.asarray(y) if self.classes else (np.asarray(y, np.float64) - self.shift) / self.scale

    def score(self, prediction: Array, target: Array) -> float:
        """Return the number of hits, or the sum of squared errors in the unit of y."""
        found = super().score(prediction, target)
        return found if self.classes else found * (self.scale * self.scale)

    def back(self, values: Array) -> Array:
        """Return values of the target in the unit of y."""
        return values if self.classes else values * self.scale + self.shift


def role(loss: Loss, data: Dataset) -> Role:
    """Return the part a loss plays on these data, or say which losses fit them."""
    wrong = _misfit(loss, data)
    if wrong:
        raise InputError(f"{type(loss).__name__} {wrong}. Losses that fit {data.name}: {listed(_fitting(data), 40)}.")
    classes = len(data.class_names)
    scored = Scored.of(loss, classes)
    start, unit = np.zeros(scored.outputs), np.ones(scored.outputs)
    return Role(loss, scored, start, unit, classes, *(() if classes else _unit(loss, data.y_train)))


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


def _unit(loss: Loss, y: Array) -> tuple[float, float]:
    free = loss.domains().get("target", REAL) == REAL
    if not free:
        return 0.0, float(np.abs(y).mean()) or 1.0
    shift, scale = center_and_width(y)
    return float(shift), float(scale)
