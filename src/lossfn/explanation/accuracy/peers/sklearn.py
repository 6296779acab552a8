"""The losses of scikit-learn's estimators."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.core.arrays import Array

Answer = Callable[[Any, Array], tuple[Any, ...]]
NAMES = {
    "absolute_error": "AbsoluteError",
    "binary_cross_entropy_with_logits": "HalfBinomialLoss",
    "cross_entropy": "HalfMultinomialLoss",
    "half_squared_error": "HalfSquaredError",
    "poisson": "HalfPoissonLoss",
}


def answer_of(name: str, dtype: np.dtype[Any]) -> Answer | None:
    """Return what computes the loss of that name, where the library takes the dtype."""
    if dtype.name not in ("float32", "float64"):
        return None
    make = getattr(import_module("sklearn._loss.loss"), NAMES[name])

    def answer(prediction: Array, target: Array) -> tuple[Any, ...]:
        loss = make(n_classes=prediction.shape[1]) if prediction.ndim > 1 else make()
        truth = target.astype(dtype)
        return loss.loss(truth, prediction), loss.gradient(truth, prediction)

    return answer
