"""Objectives of XGBoost and LightGBM: how they are called, natively and by scikit-learn's classes."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from lossfn.boosting.metric import Metric
from lossfn.boosting.objective import Objective
from lossfn.boosting.raw import RawPointwise
from lossfn.boosting.sound import sound
from lossfn.core.arrays import Array


class _OfDatasets(Objective):
    """What XGBoost and LightGBM share: one call for all rows, native or from their scikit-learn classes."""

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> tuple[Array, Array]:
        """Return gradient and curvature: of (scores, data set), or of (labels, scores, weights)."""
        native = hasattr(second, "get_label")
        score = np.asarray(first if native else second)
        label, weight = (second.get_label(), second.get_weight()) if native else (first, sample_weight)
        weight = None if weight is None or len(weight) == 0 else np.asarray(weight)
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
    kept_as: ClassVar[type[np.floating[Any]] | None] = np.float32

    def _of_numbers(
        self, loss: RawPointwise, score: Array, target: Array, weight: Array | None
    ) -> tuple[Array, Array, bool]:
        if weight is None or not (self.hessian == "engine" and type(self.loss).__name__ == "SquaredError"):
            return super()._of_numbers(loss, score, target, weight)
        # Its own objective rounds a residual before it is weighted, and the product again.
        narrow, (gradient, bent, _) = np.float32(weight), super()._of_numbers(loss, score, target, None)
        gradient, bent = gradient * narrow, bent * narrow
        return gradient, bent, sound(gradient, bent)
