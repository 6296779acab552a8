"""Probabilities where a loss expects logits: seen in the first values of a call, told once for each loss.

A softmax, or a sigmoid, that a loss applies a second time keeps a model from ever becoming sure: the best logits it
can be given are 0 and 1, and the cross-entropy of two classes never falls below log(1 + 1/e) = 0.3133.
Log-probabilities are not told of: a softmax leaves them as they are.
"""

from __future__ import annotations

import sys
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.errors import LogitsWarning, say

if TYPE_CHECKING:
    from lossfn.core.loss import Loss

ROWS = 8
LEAST, MOST = 64, 512
ESTIMATES = frozenset(("logit of the probability of the label 1", "a sharpened logit: not a calibrated probability"))
INVERSES = {"softmax": "log(prediction)", "sigmoid": "log(prediction) - log1p(-prediction)"}

told: set[type] = set()


def look(loss: Any, scores: Array, over_classes: bool) -> None:
    """Warn if the scores are probabilities and the loss takes logits."""
    if type(loss) in told or not scores.size or not (0 <= scores.item(0) <= 1 and 0 <= scores.item(-1) <= 1):
        return
    if over_classes and loss.takes == "logits" and _distributions(scores):
        tell(loss, "rows of positive numbers that add up to 1", "softmax")
    if not over_classes and loss.estimates in ESTIMATES and _crowded(scores):
        tell(loss, "numbers in [0, 1] that crowd at both ends", "sigmoid")


def tell(loss: Loss, got: str, function: str) -> None:
    """Warn, the first time for this class of loss."""
    if type(loss) in told:
        return
    told.add(type(loss))
    cause = f"a {function} before a loss that applies its own"
    fix = f"the scores before the {function}, or {INVERSES[function]}"
    words = say("prediction", expected="logits", got=got, cause=cause, fix=fix)
    warnings.warn(LogitsWarning(words), stacklevel=_depth_of_caller())


def _distributions(scores: Array) -> bool:
    # Two rows at least, and not all alike: an untrained model may well begin with 1/K everywhere.
    rows = scores[:ROWS]
    if len(rows) < 2 or rows.shape[1] < 2 or min(rows[0, :ROWS].tolist()) <= 0:
        return False
    return all(map(_distribution, rows)) and bool((rows != rows[0, 0]).any())


def _distribution(row: Array) -> bool:
    tolerance = 0.02 if row.itemsize == 2 else 1e-4
    wide = row.astype(np.float64)
    return bool(wide.min() > 0) and abs(float(wide.sum()) - 1.0) <= tolerance


def _crowded(scores: Array) -> bool:
    # An eighth within 0.02 of each end and nothing beyond: neither logits that happen to be small nor uniform numbers.
    first = scores.flat[:MOST].astype(np.float64)
    if len(first) < LEAST or first.min() < 0 or first.max() > 1:
        return False
    return bool(np.mean(first < 0.02) >= 0.125 and np.mean(first > 0.98) >= 0.125)


def _depth_of_caller() -> int:
    """Return the stack level of the first frame outside this library and torch."""
    frame, depth = sys._getframe(1), 1
    while frame.f_back and str(frame.f_globals.get("__name__")).partition(".")[0] in ("lossfn", "torch"):
        frame, depth = frame.f_back, depth + 1
    return depth
