"""Losses as torch defines them where `lossfn` defines them otherwise: torch's oddities, as formulas."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, REAL, UNIT
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class ClampedBinaryCrossEntropy(Pointwise, register=False):
    """Binary cross-entropy of probabilities in which a logarithm is at least -100."""

    prediction_domain = UNIT
    target_domain = UNIT

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """-t·max(log p, -100) - (1 - t)·max(log(1 - p), -100)."""
        hit, miss = m.maximum(m.log(prediction), -100.0), m.maximum(m.log1p(-prediction), -100.0)
        return -(m.weighted(target, hit) + m.weighted(1.0 - target, miss))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """(p - t)/max(p(1 - p), 1e-12): not the slope of the clamped value, which would stop learning at p = 0."""
        return (prediction - target) / m.maximum(prediction * (1.0 - prediction), 1e-12)


class PositiveWeighted(Pointwise, register=False):
    """Binary cross-entropy of logits, `pos_weight` read beside each of them."""

    predictions = ("prediction", "pos_weight")
    estimates = "logit of the probability of the label 1"

    def formula(self, m: Any, prediction: Any, pos_weight: Any, target: Any) -> Any:
        """w·t·softplus(-x) + (1 - t)·softplus(x)."""
        hit = m.weighted(target, pos_weight * m.softplus(-prediction))
        return hit + m.weighted(1.0 - target, m.softplus(prediction))


class ElementwiseKL(Pointwise, register=False):
    """One element's share of the divergence of a target from log-probabilities."""

    log_target: bool = option(default=False, choices=(False, True), static=True)

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        if self.log_target:
            return m.weighted(m.exp(target), target - prediction)
        return m.xlogy(target, target) - m.weighted(target, prediction)


class PoissonNLL(Pointwise, register=False):
    """Poisson likelihood with Stirling's approximation of log t! for t > 1 where it is `full`."""

    log_input: bool = option(default=True, choices=(False, True), static=True)
    full: bool = option(default=False, choices=(False, True), static=True)
    eps: float = option(default=1e-8, domain=NONNEGATIVE)

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x - t·x, or x - t·log(x + ε)."""
        rate = m.exp(prediction) if self.log_input else prediction
        log_rate = prediction if self.log_input else m.log(prediction + self.eps)
        return rate - m.weighted(target, log_rate) + (self._stirling(m, target) if self.full else 0.0)

    def _stirling(self, m: Any, target: Any) -> Any:
        rough = target * m.log(target) - target + 0.5 * m.log(2.0 * math.pi * target)
        return m.where(target > 1.0, rough, 0.0)


class GaussianLikelihood(Pointwise, register=False):
    """Normal likelihood of a mean and a variance that is at least `eps`."""

    full: bool = option(default=False, choices=(False, True), static=True)
    eps: float = option(default=1e-6, domain=NONNEGATIVE)
    predictions = ("prediction", "var")

    def formula(self, m: Any, prediction: Any, var: Any, target: Any) -> Any:
        """½(log v + (x - t)²/v), v = max(var, ε)."""
        v = m.maximum(var, self.eps)
        constant = 0.5 * math.log(2.0 * math.pi) if self.full else 0.0
        return 0.5 * (m.log(v) + m.square(prediction - target) / v) + constant

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """½(1/v - (x - t)²/v²) in the variance: as in torch the clamp lets it through."""
        if name != "var":
            return super().known_slope(m, inputs, name)
        v = m.maximum(inputs["var"], self.eps)
        return 0.5 * (1.0 - m.square(inputs["prediction"] - inputs["target"]) / v) / v


class SignedSoftMargin(Pointwise, register=False):
    """log(1 + e^-yx) for any y."""

    target_domain: ClassVar[Any] = REAL

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """softplus(-y·x)."""
        return m.softplus(-(target * prediction))


class HingeEmbedding(Pointwise, register=False):
    """A distance for the label 1, the margin it lacks for -1, their sum for any other."""

    margin: float = option(default=1.0)

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """[y ≠ 1]·max(margin - x, 0) + [y ≠ -1]·x."""
        far = m.where(m.equal(target, 1.0), 0.0, m.maximum(self.margin - prediction, 0.0))
        return far + m.where(m.equal(target, -1.0), 0.0, prediction)


class MarginRanking(Pointwise, register=False):
    """The margin by which the first of two scores fails to lead (y = 1) or trail (y = -1)."""

    margin: float = option(default=0.0)
    predictions = ("input1", "input2")

    def formula(self, m: Any, input1: Any, input2: Any, target: Any) -> Any:
        """max(margin - y·(x₁ - x₂), 0)."""
        return m.maximum(self.margin - target * (input1 - input2), 0.0)
