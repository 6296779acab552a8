"""Rows, targets and weights as they come, checked by scikit-learn's own rules."""

from __future__ import annotations

from typing import Any

from sklearn.utils.validation import _check_sample_weight, validate_data

from lossfn.core.arrays import Array
from lossfn.core.errors import say


def checked(estimator: Any, x: Any, y: Any, weight: Any, **options: Any) -> tuple[Any, Array, Array | None]:
    """Return columns, targets and float weights, some of them above 0."""
    x, y = validate_data(estimator, x, y, **options)
    if weight is None:
        return x, y, None
    weight = _check_sample_weight(weight, x, dtype="float64", ensure_non_negative=True)
    if not weight.any():
        raise ValueError(say("sample_weight", expected="a weight above 0", got="only zeros"))
    return x, y, weight
