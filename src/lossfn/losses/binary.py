"""Losses of two classes: a logit, a score or a probability against a label."""

from __future__ import annotations

from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, UNIT, Choice, Domain
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class BinaryCrossEntropy(Pointwise):
    """Cross-entropy of a probability."""

    prediction_domain = UNIT
    target_domain = UNIT
    estimates = "probability of the label 1"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """-t·log p - (1 - t)·log(1 - p), with 0·log 0 = 0 and no clipping."""
        return -m.xlogy(target, prediction) - m.xlog1py(1.0 - target, -prediction)


class BinaryCrossEntropyWithLogits(Pointwise):
    """Cross-entropy of a logit."""

    pos_weight: Any = option(None, domain=NONNEGATIVE, array=True)
    target_domain = UNIT
    estimates = "logit of the probability of the label 1"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """w·t·softplus(-x) + (1 - t)·softplus(x): max(x, 0) - x·t + log1p(e^-|x|) would cancel."""
        positive = m.weighted(target, m.softplus(-prediction))
        return self.pos_weight * positive + m.weighted(1.0 - target, m.softplus(prediction))


class BinaryFocal(Pointwise):
    """Cross-entropy of a logit in which well-classified examples count less."""

    gamma: float = option(2.0, domain=NONNEGATIVE, static=True)
    alpha: float | None = option(None, domain=UNIT)
    target_domain = UNIT
    convex: ClassVar[bool] = False
    estimates = "a sharpened logit: not a calibrated probability"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """t·α·q^γ·softplus(-x) + (1 - t)(1 - α)·p^γ·softplus(x), p = sigmoid(x), q = 1 - p."""
        alpha, other = (1.0, 1.0) if self.alpha is None else (self.alpha, 1.0 - self.alpha)
        positive = m.weighted(target, alpha * self._focus(m, -prediction) * m.softplus(-prediction))
        return positive + m.weighted(1.0 - target, other * self._focus(m, prediction) * m.softplus(prediction))

    def _focus(self, m: Any, x: Any) -> Any:
        # sigmoid(x)^γ: through the logarithm for a fractional γ, whose slope would be 0·∞ in the tail.
        if self.gamma.is_integer():
            return m.power(m.sigmoid(x), self.gamma)
        return m.exp(self.gamma * m.log_sigmoid(x))


class Margin(Pointwise, abstract=True):
    """Base of the losses of y·score with y = ±1; `labels` says how the target writes y."""

    labels: str = option("01", choices=("01", "pm1"), static=True, kw_only=True)
    estimates = "sign of the label"

    @property
    def target_domain(self) -> Domain:  # type: ignore[override]  # the labels decide the domain
        """The two labels."""
        return Choice((0.0, 1.0) if self.labels == "01" else (-1.0, 1.0))

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """Loss of the margin y·score."""
        return self.of_margin(m, (2.0 * target - 1.0 if self.labels == "01" else target) * prediction)

    def of_margin(self, m: Any, margin: Any) -> Any:
        """Return the loss of one margin."""
        raise NotImplementedError


class Hinge(Margin):
    """max(1 - y·score, 0): the loss of a support vector machine."""

    def of_margin(self, m: Any, margin: Any) -> Any:
        """max(0, 1 - margin)."""
        return m.maximum(0.0, 1.0 - margin)


class SquaredHinge(Margin):
    """max(1 - y·score, 0)²."""

    def of_margin(self, m: Any, margin: Any) -> Any:
        """max(0, 1 - margin)²."""
        return m.square(m.maximum(0.0, 1.0 - margin))


class SoftMargin(Margin):
    """log(1 + e^(-y·score)): cross-entropy of a logit, written with y = ±1."""

    estimates = "logit of the probability of the label 1"

    def of_margin(self, m: Any, margin: Any) -> Any:
        """softplus(-margin)."""
        return m.softplus(-margin)


class ModifiedHuber(Margin):
    """The squared hinge, made linear below a margin of -1."""

    estimates = "2p - 1 for the probability p of the label 1, clipped"

    def of_margin(self, m: Any, margin: Any) -> Any:
        """With n = max(margin, -1): max(0, 1 - n)·(max(0, 1 - n) + 2(n - margin))."""
        near = m.maximum(margin, -1.0)
        gap = m.maximum(0.0, 1.0 - near)
        return gap * (gap + 2.0 * (near - margin))


class Exponential(Margin):
    """e^(-y·score): the loss of AdaBoost."""

    estimates = "half the logit of the probability of the label 1"

    def of_margin(self, m: Any, margin: Any) -> Any:
        """e^-margin."""
        return m.exp(-margin)


class ZeroOne(Margin):
    """1 for a wrong sign, 0 for a right one; a score of 0 is wrong. A value only."""

    convex: ClassVar[bool] = False
    differentiable: ClassVar[bool] = False

    def of_margin(self, m: Any, margin: Any) -> Any:
        """1[margin <= 0]."""
        return m.where(margin > 0.0, 0.0, m.where(margin <= 0.0, 1.0, margin))
