"""Losses that price the two signs of a residual differently."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import OPEN_UNIT
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class Quantile(Pointwise):
    """The pinball loss: under-prediction costs `q`, over-prediction 1 - q.

    max(q (target - prediction), (1 - q) (prediction - target)), both real numbers of one shape.

    Estimates the quantile q: a share q of the targets lies below it. For prediction intervals (fit 0.05 and 0.95)
    and where being short costs more than being over: stock, staffing, capacity.

    Parameters
    ----------
    q : float, default 0.5
        The quantile, above 0 and below 1. 0.5 gives half of `AbsoluteError`.

    Notes
    -----
    All libraries agree on the value and differ in the name and default of q: `alpha` 0.5 in scikit-learn's
    `mean_pinball_loss`, `alpha` 0.9 in LightGBM, `quantile_alpha` in XGBoost. At a residual of 0 the slope
    is 0 here and -q in scikit-learn's estimators. The curvature is 0; boosting libraries put their own in its place.

    References
    ----------
    R. Koenker and G. Bassett, Regression quantiles, 1978, https://doi.org/10.2307/1913643

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.Quantile(q=0.9)
    >>> print(loss([1.0], [3.0]).round(4), loss([3.0], [1.0]).round(4))
    1.8 0.2
    >>> value, gradient = loss.value_and_grad([1.0, 3.0, 5.0], [3.0, 3.0, 3.0])
    >>> print(value.round(4), gradient.round(4))
    0.6667 [-0.3     0.      0.0333]
    """

    q: float = option(default=0.5, domain=OPEN_UNIT)
    estimates = "quantile q"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": "mean_pinball_loss(alpha=q): the same; estimators take the slope -q at a residual of 0",
        "XGBoost": "reg:quantileerror(quantile_alpha=q): the same value, a curvature of its own",
        "LightGBM": "quantile(alpha=q), 0.9 by default: the same value, hessian 1",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """max((1 - q)r, -q·r)."""
        residual = prediction - target
        return m.maximum((1.0 - self.q) * residual, -self.q * residual)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """1 - q above the target, -q below, and 0 on it, as for |r|."""
        residual = prediction - target
        side = m.where(residual > 0.0, 1.0 - self.q, -self.q)
        return m.where(m.equal(residual, 0.0), 0.0, m.where(m.equal(residual, residual), side, residual))


class Expectile(Pointwise):
    """The squared error with weight `q` below the target and 1 - q above it.

    With r = prediction - target: q r² for r <= 0 and (1 - q) r² for r > 0; both real numbers of one shape.

    Estimates the expectile q, which is to the mean what the quantile is to the median: it depends on how
    far the targets lie beyond it, not only on how many. For risk measures, and as a smooth stand-in for `Quantile`.

    Parameters
    ----------
    q : float, default 0.5
        The expectile, above 0 and below 1. 0.5 gives half of `SquaredError`, and the mean.

    Notes
    -----
    For q = 0.75 and r = -2 the value is 3.0, as in rlax. XGBoost's `reg:expectileerror` is half of it: for q = 0.8
    and r = -2 its gradient is -1.6, here -3.2.

    References
    ----------
    W. K. Newey and J. L. Powell, Asymmetric least squares estimation and testing, 1987,
    https://doi.org/10.2307/1911031

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.Expectile(q=0.75)([-2.0], [0.0]))
    3.0
    >>> gradient, hessian = lf.Expectile(q=0.8).grad_and_hess([-2.0, 2.0], [0.0, 0.0])
    >>> print(gradient.round(4), hessian.round(4))
    [-3.2  0.8] [1.6 0.4]
    """

    q: float = option(default=0.5, domain=OPEN_UNIT)
    estimates = "expectile q"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "rlax": "expectile_loss: the same",
        "XGBoost": "reg:expectileerror: half of it",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """|q - 1[r > 0]| r²."""
        residual = prediction - target
        return m.where(residual > 0.0, 1.0 - self.q, self.q) * m.square(residual)
