"""Which rows are outliers, by the data alone, and under which classic losses to see how far they pull."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.core.answers import PROBABILITIES, answer, kind
from lossfn.core.batch import Batch
from lossfn.core.domain import REAL, UNIT
from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss
from lossfn.core.spread import spread
from lossfn.engines.reference import M
from lossfn.losses.binary import BinaryCrossEntropy, BinaryCrossEntropyWithLogits, BinaryFocal
from lossfn.losses.classes import CrossEntropy
from lossfn.losses.hinges import Hinge
from lossfn.losses.huber import Huber
from lossfn.losses.margins import SoftMargin
from lossfn.losses.regression import AbsoluteError, SquaredError
from lossfn.losses.reweighted import Focal, GeneralizedCrossEntropy

Array = NDArray[Any]
FAR = 3.0  # spreads
DIGITS = 4.0  # last digits of the usual prediction: residuals that differ by less are equal
SURELY = 9.0  # times as probable as the label
NORMAL = 1.345  # spreads at which Huber's loss keeps 95 % of the efficiency under normal errors

WHAT = {
    "numbers": f"a residual more than {FAR:g} robust spreads from the median residual",
    "two classes": f"the wrong class held for at least {SURELY:g} times as probable as the label",
    "classes": f"another class held for at least {SURELY:g} times as probable as the label",
}


def outliers(loss: Any, batch: Batch) -> Array:
    """Return which terms are outliers, in the shape of `batch.shape`; those without a weight are none.

    The rule does not know the loss, so that several losses can be compared on the same rows.
    """
    with np.errstate(all="ignore"):
        far = _far(loss, batch) if kind(loss) == "numbers" else _surely_wrong(loss, batch)
    counted = np.ones(batch.terms, bool) if batch.weight is None else batch.weight.ravel() != 0
    return np.asarray((far.ravel() & counted).reshape(batch.shape))


def classics(loss: Any, batch: Batch) -> list[Loss]:
    """Return losses that take the same prediction and target, to compare with."""
    if kind(loss) == "numbers":
        width = NORMAL * spread(_residual(loss, batch))[1] if _of_values(loss) else 0.0
        found = [SquaredError(), AbsoluteError()] if _of_values(loss) else []
        return _others(loss, [*found, *([Huber(delta=float(f"{width:.3g}"))] if width > 0 else [])])
    if isinstance(loss, Pointwise):
        return _others(loss, _of_two(loss))
    plain = loss.takes == "logits" and "target" not in loss.inputs
    ignored = getattr(loss, "ignore_index", None)
    every: list[Loss] = [cls(ignore_index=ignored) for cls in (CrossEntropy, Focal, GeneralizedCrossEntropy)]
    return _others(loss, every if plain else [])


def _of_two(loss: Any) -> list[Loss]:
    if loss.prediction_domain == UNIT:
        return [BinaryCrossEntropy()]
    if loss.domains().get("target") == UNIT:
        return [BinaryCrossEntropyWithLogits(), BinaryFocal()]
    labels = getattr(loss, "labels", "01")
    return [SoftMargin(labels=labels), Hinge(labels=labels)]


def _others(loss: Loss, found: list[Loss]) -> list[Loss]:
    return [other for other in found if type(other) is not type(loss)]


def _of_values(loss: Any) -> bool:
    return len(loss.predictions) == 1 and not _logarithmic(loss) and loss.domains().get("prediction", REAL) == REAL


def _logarithmic(loss: Any) -> bool:
    return str(loss.estimates) == "log of the mean"


def _residual(loss: Any, batch: Batch) -> Array:
    first = batch.predictions[0].astype(np.float64)
    return np.asarray(answer(M, loss, first) - batch.target)


def _far(loss: Any, batch: Batch) -> Array:
    residual = _residual(loss, batch)
    counted = residual if batch.weight is None else residual[batch.weight != 0]
    middle, size = spread(counted)
    if not size > 0 or size <= DIGITS * _last_digit(batch.predictions[0]):
        return np.zeros(residual.shape, bool)
    return np.asarray(np.abs(residual - middle) > FAR * size)


def _last_digit(numbers: Array) -> float:
    return float(np.spacing(np.median(np.abs(numbers.astype(np.float64))).astype(numbers.dtype)))


def _surely_wrong(loss: Any, batch: Batch) -> Array:
    if isinstance(loss, Pointwise):
        return _of_probability(loss, batch)
    scores, rows = batch.predictions[0].astype(np.float64), np.arange(len(batch.predictions[0]))
    labels = batch.target if batch.target.ndim == 1 else batch.target.argmax(axis=1)
    label = np.clip(labels, 0, scores.shape[1] - 1)
    others = scores.copy()
    others[rows, label] = -np.inf
    return np.asarray(others.max(axis=1) - scores[rows, label] >= np.log(SURELY))


def _of_probability(loss: Any, batch: Batch) -> Array:
    # A margin stands for no probability: it is read as a logit.
    read = str(loss.estimates) in PROBABILITIES
    first = batch.predictions[0].astype(np.float64)
    p = np.asarray(answer(M, loss, first) if read else M.sigmoid(first))
    of_label = np.where(batch.target > 0.5, p, 1.0 - p)
    return np.asarray(of_label <= 1.0 / (1.0 + SURELY))
