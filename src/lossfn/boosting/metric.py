"""The mean loss as each engine's metric, for early stopping and its log."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from lossfn.boosting.raw import RawPointwise, RawRow
from lossfn.core.arrays import Array
from lossfn.core.links import behind
from lossfn.core.registry import snake_case


@dataclass(frozen=True)
class _Mean:
    """The weighted mean loss of scores."""

    raw: RawPointwise | RawRow
    target: Callable[[Array], Array]

    @property
    def __name__(self) -> str:
        """The name that logs print."""
        return snake_case(type(behind(self.raw.loss)).__name__)

    def total(self, score: Array, label: Array, weight: Any) -> Any:
        """Return the mergeable sum."""
        weight = None if weight is None or len(weight) == 0 else np.asarray(weight)
        several = isinstance(self.raw, RawPointwise) and len(self.raw.predictions) > 1
        given = tuple(np.ascontiguousarray(column) for column in score.T) if several else score
        return self.raw.accumulate(given, self.target(label), sample_weight=weight)


@dataclass(frozen=True)
class Metric(_Mean):
    """A metric of XGBoost or LightGBM, native or of their scikit-learn classes."""

    triple: bool

    def __call__(self, first: Any, second: Any, sample_weight: Any = None) -> Any:
        """Return the mean of (scores, data set), or of (labels, scores, weights), as the engine wants it."""
        native = hasattr(second, "get_label")
        score = np.asarray(first if native else second)
        label, weight = (second.get_label(), second.get_weight()) if native else (first, sample_weight)
        mean = self.total(score, np.asarray(label), weight).mean()
        if self.triple:
            return self.__name__, mean, False
        return (self.__name__, mean) if native else mean


@dataclass(frozen=True)
class CatBoostMetric(_Mean):
    """A metric of CatBoost."""

    no_jit: ClassVar[bool] = True  # else CatBoost hands the methods to numba, which cannot read them

    def is_max_optimal(self) -> bool:
        """Tell that less is better."""
        return False

    def evaluate(self, approxes: Any, target: Any, weight: Any) -> tuple[float, float]:
        """Return total and denominator of the mean."""
        columns = [np.asarray(column) for column in approxes]
        score = columns[0] if len(columns) == 1 else np.column_stack(columns)
        score = halves(score) if score.ndim == 1 and isinstance(self.raw, RawRow) else score
        found = self.total(score, np.asarray(target), weight)
        return found.total, found.denominator

    def get_final_error(self, error: float, weight: float) -> float:
        """Divide."""
        return error / weight if weight else 0.0


def halves(score: Array) -> Array:
    """Return the scores of two classes of which CatBoost has the difference."""
    return np.stack([-0.5 * score, 0.5 * score], axis=-1)
