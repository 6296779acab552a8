"""Negative log-likelihoods of counts and amounts, up to terms without the prediction."""

from __future__ import annotations

from typing import Any

from lossfn.core.domain import NONNEGATIVE, POSITIVE, REAL, Domain, Interval
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class Poisson(Pointwise):
    """Counts on the log link: the prediction is the log of the rate."""

    target_domain = NONNEGATIVE
    estimates = "log of the mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x - t·x."""
        return m.exp(prediction) - m.weighted(target, prediction)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x - t = expm1(x) + (1 - t): exact near x = 0, t = 1."""
        return m.expm1(prediction) + (1.0 - target)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x."""
        return m.exp(prediction)


class Gamma(Pointwise):
    """Positive amounts on the log link: the prediction is the log of the mean."""

    target_domain = POSITIVE
    estimates = "log of the mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """x + t·e^-x."""
        return prediction + target * m.exp(-prediction)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """t·e^-x."""
        return target * m.exp(-prediction)


class Tweedie(Pointwise):
    """Amounts that may be exactly 0, on the log link: Poisson at power 1, Gamma at power 2."""

    power: float = option(1.5, domain=Interval(1, 2), static=True)
    estimates = "log of the mean"

    @property
    def target_domain(self) -> Domain:  # type: ignore[override]  # the power decides the domain
        """Zero is an amount below power 2."""
        return POSITIVE if self.power == 2.0 else NONNEGATIVE

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """t·e^((1-ρ)x)/(ρ-1) + e^((2-ρ)x)/(2-ρ), and the limits ρ = 1, 2."""
        if self.power == 1.0:
            return m.exp(prediction) - m.weighted(target, prediction)
        if self.power == 2.0:
            return prediction + target * m.exp(-prediction)
        of_zero = m.exp((2.0 - self.power) * prediction) / (2.0 - self.power)
        return m.weighted(target, m.exp((1.0 - self.power) * prediction)) / (self.power - 1.0) + of_zero


class GaussianNLL(Pointwise):
    """A normal distribution whose mean and variance are both predicted: call with (mean, variance)."""

    predictions = ("mean", "variance")
    prediction_domain = (REAL, POSITIVE)
    estimates = "mean and variance"

    def formula(self, m: Any, mean: Any, variance: Any, target: Any) -> Any:
        """½(log v + (mean - t)²/v)."""
        residual = mean - target
        return 0.5 * (m.log(variance) + residual * (residual / variance))
