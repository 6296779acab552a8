"""Losses of several classes: rows of logits against class labels."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from lossfn.core import arrays
from lossfn.core.domain import NONNEGATIVE, UNIT, Interval
from lossfn.core.kinds import Distribution, Row
from lossfn.core.loss import Loss
from lossfn.core.options import option


class CrossEntropy(Row):
    """-log softmax(logits)[label]."""

    class_weight: Any = option(None, domain=NONNEGATIVE, array=True)
    ignore_index: int | None = option(None, static=True)
    label_smoothing: float = option(0.0, domain=UNIT)
    estimates = "logits of the class probabilities"

    def formula(self, m: Any, row: Any) -> Any:
        """-(1 - ε)·w_y·log p_y - ε·mean_k(w_k·log p_k)."""
        hard = m.weighted(self.class_weight, row.log_prob)
        return -((1.0 - self.label_smoothing) * hard) - self.label_smoothing * row.mean_log_prob

    def resolve(self, prediction: Any, target: Any, axis: int) -> Loss:
        """Serve class-probability targets by `SoftCrossEntropy`."""
        truth, scores = arrays.as_array(target, "target"), arrays.as_array(prediction, "prediction")
        if not (arrays.is_float(truth) and truth.shape == scores.shape and truth.ndim):
            return self
        keep, floor = 1.0 - self.label_smoothing, self.label_smoothing / scores.shape[axis]
        return SoftCrossEntropy(self.class_weight, keep, floor, reduction=self.reduction)


class SoftCrossEntropy(Distribution, register=False):
    """What `CrossEntropy` is for class-probability targets."""

    class_weight: Any = option(None, domain=NONNEGATIVE, array=True)
    keep: float = option(1.0, domain=UNIT)
    floor: float = option(0.0, domain=UNIT)

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """-w_k·(keep·t_k + floor)·log p_k; the floor leaves masked classes alone."""
        smoothed = self.keep * target + m.where(log_prob > -math.inf, self.floor, 0.0)
        return -(self.class_weight * m.weighted(smoothed, log_prob))


class NegativeLogLikelihood(Row):
    """-log_probs[label]: the cross-entropy of rows that are log-probabilities already."""

    class_weight: Any = option(None, domain=NONNEGATIVE, array=True)
    ignore_index: int | None = option(None, static=True)
    takes: ClassVar[str] = "log_probs"
    estimates = "log-probabilities of the classes"

    def formula(self, m: Any, row: Any) -> Any:
        """-w_y·log p_y."""
        return -m.weighted(self.class_weight, row.log_prob)


class Focal(Row):
    """Cross-entropy in which well-classified rows count less."""

    gamma: float = option(2.0, domain=NONNEGATIVE, static=True)
    alpha: Any = option(None, domain=NONNEGATIVE, array=True)
    ignore_index: int | None = option(None, static=True)
    convex: ClassVar[bool] = False
    estimates = "sharpened logits: not calibrated probabilities"

    def formula(self, m: Any, row: Any) -> Any:
        """-α_y (1 - p_y)^γ log p_y, with 1 - p_y = -expm1(log p_y)."""
        focus = m.power(-m.expm1(row.log_prob), self.gamma)
        return -(self.alpha * m.weighted(focus, row.log_prob))


class PolyCrossEntropy(Row):
    """Cross-entropy plus ε(1 - p_y): the first term of its series in 1 - p_y, reweighted."""

    epsilon: float = option(1.0, domain=Interval(-1))
    ignore_index: int | None = option(None, static=True)
    convex: ClassVar[bool] = False
    estimates = "logits of the class probabilities, sharpened"

    def formula(self, m: Any, row: Any) -> Any:
        """-log p_y - ε·expm1(log p_y)."""
        return -row.log_prob - self.epsilon * m.expm1(row.log_prob)


class GeneralizedCrossEntropy(Row):
    """(1 - p_y^q)/q: between cross-entropy (q → 0) and the mean absolute error (q = 1)."""

    q: float = option(0.7, domain=Interval(0, 1, low_open=True))
    ignore_index: int | None = option(None, static=True)
    convex: ClassVar[bool] = False
    estimates = "classes under label noise"

    def formula(self, m: Any, row: Any) -> Any:
        """-expm1(q·log p_y)/q."""
        return -m.expm1(self.q * row.log_prob) / self.q


class ZLoss(Row):
    """weight·logsumexp²: keeps the normaliser of a softmax near 1; the label is not read."""

    weight: float = option(1e-4, domain=NONNEGATIVE)
    ignore_index: int | None = option(None, static=True)
    estimates = "nothing: a penalty beside a cross-entropy"

    def formula(self, m: Any, row: Any) -> Any:
        """weight·lse²."""
        return self.weight * m.square(row.log_sum_exp)
