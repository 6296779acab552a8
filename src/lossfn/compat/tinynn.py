"""Names of the tutorial on tinynn: losses with `loss` and `grad`, each divided by the number of rows.

A standard mean divides by the number of elements: for D columns `MAE` and `HuberLoss` are D times, `MSE` D/2 times
the standard one, so learning rates mean something else. Targets have the shape of the predictions, or it is an error.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.loss import Loss as Standard
from lossfn.functions import log_softmax as _log_softmax
from lossfn.functions import one_hot as _one_hot
from lossfn.functions import sigmoid
from lossfn.functions import softmax as _softmax
from lossfn.losses.divergences import KLFromLogits
from lossfn.losses.huber import Huber
from lossfn.losses.regression import AbsoluteError, HalfSquaredError

__all__ = [
    "MAE",
    "MSE",
    "CrossEntropy",
    "HuberLoss",
    "KLDivLoss",
    "Loss",
    "log_softmax",
    "one_hot",
    "sigmoid",
    "softmax",
]


class Loss:
    """A sum divided by the number of rows, and its gradient in the predictions."""

    standard: Standard

    def loss(self, predictions: Any, targets: Any) -> float:
        """Return the sum of the terms divided by the number of rows."""
        return float(self.standard(predictions, targets, reduction="sum")) / len(targets)

    def grad(self, predictions: Any, targets: Any) -> Array:
        """Return the gradient of `loss`, of the shape of the predictions."""
        gradient: Array = self.standard.value_and_grad(predictions, targets, reduction="sum")[1]
        return gradient / len(targets)


class MAE(Loss):
    """Σ |prediction - target| / N: D times the mean of `lossfn.AbsoluteError`.

    Examples
    --------
    >>> MAE().loss([[1.0, 2.0]], [[0.0, 0.0]]), MAE().grad([[1.0, 2.0]], [[0.0, 0.0]])
    (3.0, array([[1., 1.]]))
    """

    standard = AbsoluteError()


class MSE(Loss):
    """½ Σ (prediction - target)² / N: D times the mean of `lossfn.HalfSquaredError`, D/2 times the usual MSE.

    Examples
    --------
    >>> MSE().loss([[1.0, 2.0]], [[0.0, 0.0]]), MSE().grad([[1.0, 2.0]], [[0.0, 0.0]])
    (2.5, array([[1., 2.]]))
    """

    standard = HalfSquaredError()


class HuberLoss(Loss):
    """Σ of the Huber loss / N: D times the mean of `lossfn.Huber`.

    The tutorial multiplies both branches by masks, which gives NaN for a residual whose square overflows; not here.

    Parameters
    ----------
    delta : float, default 1.0

    Examples
    --------
    >>> HuberLoss(delta=1.0).loss([[0.5, 3.0]], [[0.0, 0.0]])
    2.625
    """

    def __init__(self, delta: float = 1.0) -> None:
        self.standard = Huber(delta=delta)


class CrossEntropy(Loss):
    """-Σ target · log softmax(prediction) / N, targets one-hot or probabilities: the standard definition.

    A class that is masked by a logit of -inf costs nothing where its target is 0; the tutorial gives NaN there.

    Examples
    --------
    >>> print(round(CrossEntropy().loss([[0.1, 0.2, 0.3]], [[0.0, 1.0, 0.0]]), 4))
    1.1019
    """

    standard = KLFromLogits()

    def loss(self, predictions: Any, targets: Any) -> float:
        """Return the cross-entropy: the divergence plus the entropy of the targets."""
        # -t log t with 0 log 0 = 0
        probs = np.asarray(targets, np.float64)
        entropy = -np.sum(probs * np.log(np.where(probs > 0, probs, 1.0)))
        return super().loss(predictions, targets) + float(entropy) / len(probs)


class KLDivLoss(Loss):
    """Σ target (log target - log softmax(prediction)) / N: `lossfn.KLFromLogits`, torch's "batchmean".

    The tutorial applies log_softmax to targets that are probabilities already and takes the logarithm of logits: its
    value can be negative and its gradient belongs to another function. Here predictions are logits, the divergence
    of a distribution from itself is 0, and `grad` is the gradient, (softmax(prediction) - target) / N.

    Examples
    --------
    >>> KLDivLoss().loss([[0.0, 0.0]], [[0.5, 0.5]])
    0.0
    """

    standard = KLFromLogits()


def softmax(x: Any, dim: int = -1) -> Array:
    """Return `lossfn.softmax` along `dim`."""
    return np.asarray(_softmax(x, dim))


def log_softmax(x: Any, dim: int = -1) -> Array:
    """Return `lossfn.log_softmax` along `dim`."""
    return np.asarray(_log_softmax(x, dim))


def one_hot(labels: Any, n_classes: int) -> Array:
    """Return one row for each label, whatever the shape of `labels`; a label of -1 is an error, not the last class."""
    return _one_hot(np.reshape(labels, -1), n_classes)
