"""Squared error near the target, absolute error far from it, with a corner in the slope between them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, POSITIVE
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class Huber(Pointwise):
    """Squared error within `delta` of the target, absolute error beyond it.

    With r = prediction - target, both real numbers of one shape::

        ½ r²                   for |r| <= delta
        delta (|r| - ½ delta)  for |r| > delta

    Estimates a location between the median (small delta) and the mean (large delta). For regression with some
    outliers: they pull with slope delta and no more, while small errors are treated as by least squares.

    Parameters
    ----------
    delta : float, default 1.0
        Where quadratic turns linear, in units of the target; above 0.

    Notes
    -----
    For r = 3 and delta = 2 the value is 4.0, as in torch, Keras, optax and SciPy. `SmoothL1(beta=2)` gives 2.0,
    which is also what MXNet's `HuberLoss(rho=2)` computes, while Paddle's `smooth_l1_loss(delta=2)` gives 4.0.
    torch divides a weighted mean by the number of elements, not by the sum of the weights: residuals 3 and 1 with
    weights 1 and 3 give 2.75 there and 1.375 here.

    References
    ----------
    P. J. Huber, Robust estimation of a location parameter, 1964, https://doi.org/10.1214/aoms/1177703732

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.Huber()([1.1, -1.8, 2.9, 0.6], [1, -2, 3, 0.5]).round(5))
    0.00875
    >>> value, gradient = lf.Huber(delta=2.0).value_and_grad([3.0, 1.0], [0.0, 0.0])
    >>> print(value, gradient)
    2.25 [1.  0.5]
    """

    delta: float = option(default=1.0, domain=POSITIVE)
    estimates = "between median and mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "huber_loss: the same, but a weighted mean divides by the number of elements",
        "scikit-learn": "HuberRegressor scales the residuals first; gradient boosting sets delta by a quantile",
        "Keras": "Huber: the same",
        "optax": "huber_loss: the same, not averaged",
        "SciPy": 'special.huber(delta, r) and least_squares(loss="huber", f_scale=delta): the same',
        "XGBoost": "not there; see PseudoHuber",
        "LightGBM": "huber(alpha=delta), 0.9 by default: the same value, hessian 1",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """With n the residual clipped to ±δ: n(r - n/2)."""
        # Through |r| the curvature at r = 0 would be derived as 0; the clipped form is right everywhere.
        residual = prediction - target
        near = m.minimum(m.maximum(residual, -self.delta), self.delta)
        return near * (residual - 0.5 * near)


class SmoothL1(Pointwise):
    """Huber divided by its threshold: slopes stay within ±1.

    With r = prediction - target, both real numbers of one shape::

        ½ r² / beta   for |r| <= beta
        |r| - ½ beta  for |r| > beta

    Estimates a location between median and mean. The form used for box coordinates in object detection: changing
    beta moves the corner and leaves the pull of far points as it is.

    Parameters
    ----------
    beta : float, default 1.0
        Where quadratic turns linear, in units of the target; at least 0, which gives `AbsoluteError`.

    Notes
    -----
    The value is that of torch: 2.0 for r = 3 and beta = 2, where `Huber(delta=2)` gives 4.0. Paddle's function of
    this name is Huber by default (4.0), and MXNet's `HuberLoss` is this one (2.0).

    References
    ----------
    R. Girshick, Fast R-CNN, 2015, https://arxiv.org/abs/1504.08083

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.SmoothL1(beta=2.0)([3.0], [0.0]), lf.Huber(delta=2.0)([3.0], [0.0]))
    2.0 4.0
    >>> value, gradient = lf.SmoothL1(beta=2.0).value_and_grad([3.0, -1.0], [0.0, 0.0])
    >>> print(value, gradient)
    1.125 [ 0.5  -0.25]
    """

    beta: float = option(default=1.0, domain=NONNEGATIVE)
    estimates = "between median and mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "smooth_l1_loss: the same, beta = 0 included",
        "Paddle": "smooth_l1_loss(delta) is Huber unless is_huber=False",
        "MXNet": "HuberLoss(rho): the same",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """With n the residual clipped to ±β: n(r - n/2)/β; |r| for β = 0."""
        residual = prediction - target
        if isinstance(self.beta, float) and self.beta == 0.0:
            return m.abs(residual)
        near = m.minimum(m.maximum(residual, -self.beta), self.beta)
        return near * (residual - 0.5 * near) / self.beta
