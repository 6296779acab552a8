"""One objective per engine: how each calls it, and what it wants back."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, Self

import numpy as np

from lossfn.boosting.matrix import matrix
from lossfn.boosting.metric import CatBoostMetric, Metric
from lossfn.boosting.objective import Objective
from lossfn.boosting.raw import RawRow
from lossfn.boosting.sound import sound
from lossfn.core import shortcut
from lossfn.core.arrays import Array
from lossfn.core.kinds import Row


class _OfDatasets(Objective):
    """What XGBoost and LightGBM share: one call for all rows, native or from their scikit-learn classes."""

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> tuple[Array, Array]:
        """Return gradient and curvature: of (scores, data set), or of (labels, scores, weights)."""
        native = hasattr(second, "get_label")
        score = np.asarray(first if native else second)
        label, weight = (second.get_label(), second.get_weight()) if native else (first, sample_weight)
        weight = None if weight is None or len(weight) == 0 else weight
        return self.derivatives(score, np.asarray(label), weight)

    @cached_property
    def metric(self) -> Metric:
        """The mean loss of the scores, for early stopping."""
        return Metric(self.raw, self.target, self.engine == "lightgbm")


@dataclass(frozen=True)
class XGBoost(_OfDatasets):
    """An objective of XGBoost: `xgboost.train(..., obj=this)`, or `XGBRegressor(objective=this)`."""

    engine: ClassVar[str] = "xgboost"


@dataclass(frozen=True)
class LightGBM(_OfDatasets):
    """An objective of LightGBM: `params["objective"] = this`, or `LGBMRegressor(objective=this)`."""

    engine: ClassVar[str] = "lightgbm"


@dataclass(frozen=True)
class CatBoost(Objective):
    """An objective of CatBoost for one output: `CatBoost({"loss_function": this, "eval_metric": this.metric})`.

    CatBoost asks for blocks of rows, so the unit of the curvature is that of the first block. It copies the objective
    for each training, and a copy begins anew.
    """

    engine: ClassVar[str] = "catboost"
    no_jit: ClassVar[bool] = True  # CatBoost would hand the methods to numba, which cannot read them

    def __deepcopy__(self, memo: Any) -> Self:
        """Return the objective of another training."""
        return type(self)(self.loss, self.hessian, self.floor)

    def __post_init__(self) -> None:
        """Plan the curvature; without a unit to be measured it is 1."""
        super().__post_init__()
        if not self.in_units:
            self.__dict__["unit"] = 1.0

    def calc_ders_range(self, approxes: Any, targets: Any, weights: Any) -> Array:
        """Return minus gradient and minus curvature of a block of rows, shape (rows, 2)."""
        found = np.empty((2, len(approxes)))
        if weights is not None or not self._filled(approxes, targets, *found):
            weight = None if weights is None else np.asarray(weights)
            found[:] = self.derivatives(np.asarray(approxes), np.asarray(targets), weight)
        self.__dict__["begun"] = True
        return np.negative(found, out=found).T

    def _filled(self, score: Any, target: Any, gradient: Array, bent: Array) -> bool:
        # The short way: there are hundreds of blocks in a round.
        kept = self.__dict__
        if "unit" not in kept or not shortcut.fill(self.raw, score, target, kept["unit"], gradient, bent):
            return False
        if "cap" in kept:
            np.minimum(bent, kept["cap"] * kept["unit"], out=bent)
        return sound(gradient, bent)

    def _kept(self, name: str, measure: Callable[[Array, Array | None], Any], bent: Array, weight: Array | None) -> Any:
        if name not in self.__dict__:
            self.__dict__[name] = measure(bent, weight)
        return self.__dict__[name]

    @cached_property
    def metric(self) -> CatBoostMetric:
        """The mean loss of the scores, for early stopping."""
        return CatBoostMetric(self.raw, self.target)


@dataclass(frozen=True)
class CatBoostClasses(CatBoost):
    """An objective of CatBoost over classes: it asks row by row."""

    begun: ClassVar[bool] = True

    def calc_ders_multi(self, approx: Any, target: Any, weight: Any) -> tuple[Array, Array]:
        """Return minus gradient and minus the curvature as a matrix, of one row."""
        scores, label = np.asarray(approx)[None], np.asarray([target])
        gradient, bent = self.derivatives(scores, label, None if weight is None else np.asarray([weight]))
        exact = self.floor is None and self.raw.rule[0] in ("exact", "engine")
        if exact and isinstance(self.raw, RawRow):
            return -gradient[0], -matrix(self.raw, scores[0], int(target)) * (1.0 if weight is None else weight)
        return -gradient[0], -np.diag(bent[0])


def catboost_class(loss: Any) -> type[CatBoost]:
    """Return the class whose methods CatBoost looks for."""
    return CatBoostClasses if isinstance(loss, Row) else CatBoost
