"""Objectives of CatBoost, which asks in blocks of at most a thousand rows, and row by row over classes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from lossfn.boosting.matrix import matrix
from lossfn.boosting.metric import CatBoostMetric, halves
from lossfn.boosting.objective import Objective
from lossfn.boosting.raw import RawRow
from lossfn.core import shortcut
from lossfn.core.arrays import Array
from lossfn.core.dispatch import STEEP
from lossfn.core.errors import OptionError, TargetError, say
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss

WIDE, NARROW = np.dtype(np.float64), np.dtype(np.float32)


@dataclass(frozen=True)
class CatBoost(Objective):
    """An objective of CatBoost for one output: `CatBoost({"loss_function": this, "eval_metric": this.metric})`.

    CatBoost asks for blocks of rows, so the unit of the curvature is that of the first block. It copies the objective
    for each training, and a copy begins anew.
    """

    engine: ClassVar[str] = "catboost"
    no_jit: ClassVar[bool] = True  # CatBoost would hand the methods to numba, which cannot read them

    def __post_init__(self) -> None:
        """Plan the curvature; without a unit to be measured it is 1."""
        super().__post_init__()
        if not self.in_units:
            self.__dict__["unit"] = 1.0

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Array:
        """Return minus gradient and minus curvature of a block of rows, shape (rows, 2)."""
        kept, size = self.__dict__, len(approxes)
        found = np.empty((2, size))
        # The short way: there are hundreds of blocks in a round.
        short = weights is None and "run" in kept and _usual(approxes, targets, size)
        if not (short and 0.0 < kept["run"](size, -kept["unit"], approxes, targets, found[0], found[1]) < STEEP):
            self._fill(found, np.asarray(approxes), np.asarray(targets), weights)
        return found.T

    def _fill(self, found: Array, scores: Array, labels: Array, weights: Any) -> None:
        if not (weights is None or np.any(weights)):
            found[...] = 0.0  # such a block tells nothing of the unit
            return
        np.negative(self.derivatives(scores, labels, None if weights is None else np.asarray(weights)), out=found)
        self.__dict__["begun"] = True
        if _usual(scores, labels, len(scores)) and (
            run := shortcut.sound_pass(self.__dict__["served"], scores, labels, found)
        ):
            self.__dict__["run"] = run

    def _kept(self, name: str, measure: Callable[[], Any]) -> Any:
        if name not in self.__dict__:
            self.__dict__[name] = measure()
        return self.__dict__[name]

    @cached_property
    def metric(self) -> CatBoostMetric:
        """The mean loss of the scores, for early stopping."""
        return CatBoostMetric(self.raw, self.target)


def _usual(scores: Any, labels: Any, size: int) -> bool:
    # What CatBoost hands over, which a kernel reads where it lies.
    plain = type(scores) is type(labels) is np.ndarray and scores.dtype is WIDE and labels.dtype is NARROW
    whole = plain and scores.size == labels.size == size <= shortcut.SMALL
    return whole and scores.flags.carray and labels.flags.carray


@dataclass(frozen=True)
class CatBoostClasses(CatBoost):
    """An objective of CatBoost over classes: it asks row by row. Two classes have one score, s for -s/2 and s/2."""

    begun: ClassVar[bool] = True

    def start(self, target: Any, sample_weight: Any = None) -> Any:
        """Return the constant scores of least loss: a list, or a float for two classes."""
        found = super().start(target, sample_weight)
        return found[1] - found[0] if len(found) == 2 else found

    def transform(self, score: Any) -> Any:
        """Return the probabilities of the classes."""
        scores = np.asarray(score)
        return super().transform(halves(scores) if scores.ndim < 2 else scores)

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Array:
        """Return minus gradient and minus curvature of a block of rows of two classes, shape (rows, 2)."""
        weight, labels = None if weights is None else np.asarray(weights), np.asarray(targets)
        if (labels > 1).any():
            got, fix = f"{labels.max():g}, and one score a row", "classes_count, or class_names of CatBoostClassifier"
            raise TargetError(say("label", expected="0 or 1", got=got, fix=fix))
        gradient, bent = self.derivatives(halves(np.asarray(approxes)), labels, weight)
        # In s the curvature is that of either score; a bound for both at once is twice it.
        return -np.column_stack([gradient[:, 1], bent[:, 1] / self.factor(2)])

    def calc_ders_multi(self, approx: Any, target: Any, weight: Any) -> tuple[Array, Array]:
        """Return minus gradient and minus the curvature as a matrix, of one row."""
        scores, label = np.asarray(approx)[None], np.asarray([target])
        gradient, bent = self.derivatives(scores, label, None if weight is None else np.asarray([weight]))
        exact = self.floor is None and self.raw.rule[0] in ("exact", "engine")
        if exact and isinstance(self.raw, RawRow):
            return -gradient[0], -matrix(self.raw, scores[0], int(target)) * (1.0 if weight is None else weight)
        return -gradient[0], -np.diag(bent[0])


def catboost_class(loss: Loss) -> type[CatBoost]:
    """Return the class whose methods CatBoost looks for, or say that it has one score a row."""
    if isinstance(loss, Pointwise) and len(loss.predictions) > 1:
        expected, fix = "a loss of one prediction, or of classes, for CatBoost", "boosting.xgboost or boosting.lightgbm"
        raise OptionError(say("loss", expected=expected, got=repr(loss), fix=fix))
    return CatBoostClasses if isinstance(loss, Row) else CatBoost
