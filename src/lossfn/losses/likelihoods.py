"""Negative log-likelihoods of counts and amounts, up to terms without the prediction."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, POSITIVE, REAL, Domain, Interval
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class Poisson(Pointwise):
    """Counts on the log link: the prediction is the log of the rate.

    e^x - t x; x any number, t >= 0 and of the same shape.

    Estimates the log of the mean. For counts and rates, and for any non-negative target whose variance grows with
    its mean; t need not be whole.

    Notes
    -----
    For a rate of 2 (x = log 2) and t = 3 the value is -0.07944, as in torch and scikit-learn's estimators. Keras
    takes the rate itself; torch does so with `log_input=False`. What is left out, log t!, makes 1.71232 of it;
    torch's `full=True` uses Stirling's approximation and gives 1.68464. scikit-learn's `mean_poisson_deviance`
    is twice the excess over the best possible value, 0.43279. The hessian is e^x; LightGBM multiplies it by e^0.7.

    References
    ----------
    J. A. Nelder and R. W. M. Wedderburn, Generalized linear models, 1972, https://doi.org/10.2307/2344614

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> print(lf.Poisson()([np.log(2.0)], [3.0]).round(5))
    -0.07944
    >>> gradient, hessian = lf.Poisson().grad_and_hess([0.0], [3.0])
    >>> print(gradient, hessian)
    [-2.] [1.]
    """

    target_domain = NONNEGATIVE
    estimates = "log of the mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "poisson_nll_loss: the same; full=True adds an approximation of log t!",
        "scikit-learn": "PoissonRegressor: the same; mean_poisson_deviance is twice the excess over a perfect fit",
        "Keras": "Poisson: the same of the rate e^x",
        "XGBoost": "count:poisson: the same gradient",
        "LightGBM": "poisson: the same gradient; its hessian is e^(x + 0.7)",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x - t·x."""
        return m.exp(prediction) - m.weighted(target, prediction)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x - t, near x = 0 as expm1(x) + (1 - t): exact at t = 1, while a rate far below 1 keeps its digits."""
        far = m.abs(prediction) > 1.0
        return m.where(far, m.exp(prediction) - target, m.expm1(prediction) + (1.0 - target))

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """e^x."""
        return m.exp(prediction)


class Gamma(Pointwise):
    """Positive amounts on the log link: the prediction is the log of the mean.

    x + t e^-x; x any number, t > 0 and of the same shape.

    Estimates the log of the mean. For amounts whose spread is proportional to their mean: costs, claims, durations.
    Only the ratio of t to e^x matters. Targets of 0 need `Tweedie`.

    Notes
    -----
    For a mean of 2 (x = log 2) and t = 3 the value is 2.19315, as in scikit-learn's estimators; its
    `mean_gamma_deviance` is twice the excess over the best possible value, 0.18907.

    References
    ----------
    J. A. Nelder and R. W. M. Wedderburn, Generalized linear models, 1972, https://doi.org/10.2307/2344614

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> print(lf.Gamma()([np.log(2.0)], [3.0]).round(5))
    2.19315
    >>> gradient, hessian = lf.Gamma().grad_and_hess([0.0], [3.0])
    >>> print(gradient, hessian)
    [-2.] [3.]
    """

    target_domain = POSITIVE
    estimates = "log of the mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": "GammaRegressor: the same; mean_gamma_deviance is twice the excess over a perfect fit",
        "XGBoost": "reg:gamma: the same gradient and hessian",
        "LightGBM": "gamma: the same gradient and hessian",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """x + t·e^-x."""
        return prediction + target * m.exp(-prediction)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """t·e^-x."""
        return target * m.exp(-prediction)


class Tweedie(Pointwise):
    """Amounts that may be exactly 0, on the log link: Poisson at power 1, Gamma at power 2.

    t e^((1 - power) x) / (power - 1) + e^((2 - power) x) / (2 - power); x any number, t >= 0 and of the same shape.

    Estimates the log of the mean. For totals that are often 0 and otherwise positive: claims per policy, rain per
    day, spending per customer. The variance grows as the mean to the given power.

    Parameters
    ----------
    power : float, default 1.5
        Between 1 (`Poisson`) and 2 (`Gamma`, where t > 0), both included.

    Notes
    -----
    For a mean of 2 (x = log 2) and t = 3 the value is 7.07107, as in scikit-learn's estimators; its
    `mean_tweedie_deviance` is twice the excess over the best possible value, 0.28573. For t = 0 and x far below 0,
    where e^(-x/2) overflows, scikit-learn and XGBoost give NaN; this gives 0.

    References
    ----------
    B. Jørgensen, Exponential dispersion models, 1987, https://doi.org/10.1111/j.2517-6161.1987.tb01685.x

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> print(lf.Tweedie()([np.log(2.0)], [3.0]).round(5))
    7.07107
    >>> value, gradient = lf.Tweedie(power=1.5).value_and_grad([0.0, -2000.0], [3.0, 0.0], reduction="none")
    >>> print(value, gradient)
    [8. 0.] [-2.  0.]
    """

    power: float = option(default=1.5, domain=Interval(1, 2), static=True)
    estimates = "log of the mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": 'TweedieRegressor(power, link="log"): the same',
        "XGBoost": "reg:tweedie(tweedie_variance_power=power): the same gradient and hessian",
        "LightGBM": "tweedie(tweedie_variance_power=power): the same gradient and hessian",
    }

    @property
    def target_domain(self) -> Domain:  # the power decides the domain
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
    """A normal distribution whose mean and variance are both predicted: call with (mean, variance).

    ½ (log v + (mean - t)² / v); v > 0; all three of one shape. Gradients come as a pair, for mean and variance.

    Estimates mean and variance. For predictions that say how sure they are; let the model end in an exponential or
    a softplus for v. Not convex in v.

    Notes
    -----
    For mean 1, v = 0.5 and t = 0 the value is 0.65343, as in torch; `full=True` there adds ½ log 2π, 1.57236.
    torch raises v to at least 1e-6 in the value but not in the gradient: v = 1e-9 gives 499993 and -5e11 there,
    499999989.6 and -5e17 here. v <= 0 is an error.

    References
    ----------
    D. A. Nix and A. S. Weigend, Estimating the mean and variance of the target probability distribution, 1994,
    https://doi.org/10.1109/ICNN.1994.374138

    Examples
    --------
    >>> import lossfn as lf
    >>> value, (of_mean, of_variance) = lf.GaussianNLL().value_and_grad(([1.0], [0.5]), [0.0])
    >>> print(value.round(5), of_mean, of_variance)
    0.65343 [2.] [-1.]
    """

    predictions = ("mean", "variance")
    prediction_domain = (REAL, POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mean and variance"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "gaussian_nll_loss: the same, but v is raised to at least 1e-6 in the value",
    }

    def formula(self, m: Any, mean: Any, variance: Any, target: Any) -> Any:
        """½(log v + (mean - t)²/v)."""
        residual = mean - target
        return 0.5 * (m.log(variance) + residual * (residual / variance))

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """(mean - t)/v; in the variance ½(1 - (mean - t)²/v)/v, whose parts are never ∞ - ∞."""
        residual, variance = inputs["mean"] - inputs["target"], inputs["variance"]
        if name == "variance":
            return 0.5 * (1.0 - residual * (residual / variance)) / variance
        return residual / variance if name == "mean" else None

    def known_curvature(self, m: Any, inputs: Mapping[str, Any], first: str, second: str) -> Any:
        """1/v; in the variance ((mean - t)²/v - ½)/v²."""
        residual, variance = inputs["mean"] - inputs["target"], inputs["variance"]
        if first == second == "variance":
            return (residual * (residual / variance) - 0.5) / variance / variance
        return 1.0 / variance if first == second == "mean" else None

    def fisher(self, m: Any, mean: Any, variance: Any, target: Any) -> Any:
        """1/v, and ½/v² in the variance: expected where t has mean and variance as predicted."""
        return 1.0 / variance, 0.5 / m.square(variance)
