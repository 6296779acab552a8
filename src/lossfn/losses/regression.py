"""The plain losses of a residual: prediction and target are real numbers of one shape."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import ABOVE_MINUS_ONE, NONNEGATIVE
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class SquaredError(Pointwise):
    """Squared residual: the loss of least squares.

    (prediction - target)², prediction and target being real numbers of one shape.

    Estimates the mean. The choice where errors are roughly normal and an error twice as large is four times as
    bad; a few outliers can dominate it, see `Huber`.

    Notes
    -----
    For predictions [2.5, 0, 2, 8] and targets [3, -0.5, 2, 7] the mean is 0.375, as in torch, scikit-learn, Keras
    and optax (`squared_error`). What optax calls `l2_loss` is half of it, 0.1875, and so is the loss whose
    gradient r boosting libraries use: see `HalfSquaredError`.

    References
    ----------
    T. Gneiting, Making and evaluating point forecasts, 2011, https://doi.org/10.1198/jasa.2011.r10138

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.SquaredError()([1, 2, 3], [2, 3, 4]))
    1.0
    >>> print(lf.SquaredError()([1, 2, 3], [1, 2, 5]).round(4))
    1.3333
    >>> value, gradient = lf.SquaredError().value_and_grad([0.9, 0.1, 0.8, 0.7], [1, 0, 1, 1])
    >>> print(value.round(4), gradient.round(4))
    0.0375 [-0.05  0.05 -0.1  -0.15]
    """

    estimates = "mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "mse_loss: the same; broadcasts unequal shapes with a warning only",
        "scikit-learn": "mean_squared_error: the same",
        "Keras": "MeanSquaredError: the same",
        "optax": "squared_error: the same, not averaged; l2_loss is half of it",
        "XGBoost": "reg:squarederror: half of it",
        "LightGBM": "regression: half of it",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """r²."""
        return m.square(prediction - target)


class HalfSquaredError(Pointwise):
    """Half the squared residual: its gradient is the residual, its curvature 1.

    ½ (prediction - target)², prediction and target being real numbers of one shape.

    Estimates the mean, as `SquaredError` does. The usual form for boosting, where gradient and hessian set the
    size of a step, and as the negative log-likelihood of a normal distribution of variance 1.

    Notes
    -----
    For predictions [2.5, 0, 2, 8] and targets [3, -0.5, 2, 7] the mean is 0.1875, as optax's `l2_loss` gives;
    torch's `mse_loss` gives 0.375.

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.HalfSquaredError()
    >>> print(loss([2.5, 0.0, 2.0, 8.0], [3.0, -0.5, 2.0, 7.0]))
    0.1875
    >>> gradient, hessian = loss.grad_and_hess([3.0, 0.0], [1.0, 1.0])
    >>> print(gradient, hessian)
    [ 2. -1.] [1. 1.]
    """

    estimates = "mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "mse_loss is twice this",
        "scikit-learn": "what squared_error means as the loss of an estimator; mean_squared_error is twice this",
        "Keras": "MeanSquaredError is twice this",
        "optax": "l2_loss: the same, not averaged",
        "XGBoost": "reg:squarederror: the same gradient and hessian",
        "LightGBM": "regression: the same gradient and hessian",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """½r²."""
        return 0.5 * m.square(prediction - target)


class AbsoluteError(Pointwise):
    """Absolute residual: outliers pull no harder than any other point.

    |prediction - target|, prediction and target being real numbers of one shape.

    Estimates the median. For data with outliers or heavy tails, and where the cost grows in proportion to the
    error. Its slope is ±1 and 0 at the target; its curvature is 0, so boosting needs another: see `Huber`.

    Notes
    -----
    The value is that of torch, scikit-learn and Keras. At a residual of 0 the slope here and in torch is 0; the
    gradient scikit-learn's estimators use is -1 there.

    References
    ----------
    T. Gneiting, Making and evaluating point forecasts, 2011, https://doi.org/10.1198/jasa.2011.r10138

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.AbsoluteError()([1, 2, 3], [3, 4, 5]))
    2.0
    >>> value, gradient = lf.AbsoluteError().value_and_grad([1, 2, 3], [1, 2, 5])
    >>> print(value.round(4), gradient.round(4))
    0.6667 [ 0.      0.     -0.3333]
    """

    estimates = "median"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "l1_loss: the same; broadcasts unequal shapes with a warning only",
        "scikit-learn": "mean_absolute_error: the same",
        "Keras": "MeanAbsoluteError: the same",
        "XGBoost": "reg:absoluteerror: the same value, a curvature of its own",
        "LightGBM": "regression_l1: the same value, hessian 1",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """|r|."""
        return m.abs(prediction - target)


class SquaredLogError(Pointwise):
    """Squared difference of log(1 + x): relative errors of non-negative quantities.

    (log(1 + prediction) - log(1 + target))², both above -1 and of one shape.

    Estimates expm1 of the mean of log1p(target), which lies below the mean. For counts, prices and durations
    over several orders of magnitude; a prediction too low costs more than one as much too high. Not convex.

    Notes
    -----
    The value is that of scikit-learn, which refuses values of -1 and below as this does. Keras raises both
    arguments to at least 1e-7 first, so that every negative prediction costs what 0 costs. XGBoost takes
    half of it, with a hessian of at least 1e-6.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.SquaredLogError()([2.5, 1.0], [3.0, 0.5]).round(6))
    0.050296
    >>> print(lf.SquaredLogError()([0.5], [1.0]).round(4), lf.SquaredLogError()([1.5], [1.0]).round(4))
    0.0828 0.0498
    """

    prediction_domain = ABOVE_MINUS_ONE
    target_domain = ABOVE_MINUS_ONE
    convex: ClassVar[bool] = False
    estimates = "expm1 of the mean of log1p"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": "mean_squared_log_error: the same",
        "Keras": "MeanSquaredLogarithmicError: raises both arguments to at least 1e-7 first",
        "XGBoost": "reg:squaredlogerror: half of it, hessian at least 1e-6",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """log²((1 + p)/(1 + t)) = log1p²(|p - t|/(1 + min(p, t))): exact where they are close and where p -> -1."""
        return m.square(_log_ratio(m, prediction, target))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """2·log((1 + p)/(1 + t))/(1 + p)."""
        return 2.0 * (_log_ratio(m, prediction, target) / (1.0 + prediction))

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """2·(1 - log((1 + p)/(1 + t)))/(1 + p)²."""
        above = 1.0 + prediction
        return 2.0 * ((1.0 - _log_ratio(m, prediction, target)) / above / above)

    def fisher(self, m: Any, prediction: Any, target: Any) -> Any:
        """2/(1 + p)²: the hessian where the logarithms are equal."""
        return 2.0 / m.square(1.0 + prediction)


def _log_ratio(m: Any, x: Any, y: Any) -> Any:
    return m.sign(x - y) * m.log1p(m.abs(x - y) / (1.0 + m.minimum(x, y)))


class EpsilonInsensitive(Pointwise):
    """Absolute residual less a tolerance: the loss of support vector regression.

    max(|prediction - target| - epsilon, 0), prediction and target being real numbers of one shape.

    Estimates the median, up to epsilon. Where errors within a known tolerance do not matter; a linear model then
    depends only on the points at or beyond the edge of the tube.

    Parameters
    ----------
    epsilon : float, default 0.1
        Size of residual that costs nothing, in units of the target; at least 0, which gives `AbsoluteError`.

    Notes
    -----
    The same as scikit-learn's `SVR` and `SGDRegressor(loss="epsilon_insensitive")`, default included. On the
    edge of the tube the slope is 0.

    References
    ----------
    A. J. Smola and B. Schölkopf, A tutorial on support vector regression, 2004,
    https://doi.org/10.1023/B:STCO.0000035301.49549.88

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.EpsilonInsensitive(epsilon=0.5)
    >>> value, gradient = loss.value_and_grad([1.25, 2.0], [1.0, 1.0])
    >>> print(value, gradient)
    0.25 [0.  0.5]
    """

    epsilon: float = option(default=0.1, domain=NONNEGATIVE)
    estimates = "median, up to epsilon"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": 'SVR and SGDRegressor(loss="epsilon_insensitive"): the same',
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """max(|r| - ε, 0)."""
        return m.maximum(0.0, m.abs(prediction - target) - self.epsilon)
