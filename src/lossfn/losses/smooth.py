"""Losses between squared and absolute error that have every derivative."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import POSITIVE
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class PseudoHuber(Pointwise):
    """A Huber loss without a corner: every derivative exists.

    delta² (√(1 + (r/delta)²) - 1) with r = prediction - target, both real numbers of one shape.

    Estimates a location between median and mean. For robust regression by methods that use curvature, boosting
    and Newton's among them: the hessian is above 0 everywhere.

    Parameters
    ----------
    delta : float, default 1.0
        About where quadratic turns linear, in units of the target; above 0.

    Notes
    -----
    The same as SciPy's `pseudo_huber(delta, r)`, 1.2361 for delta = 1 and r = 2, and as XGBoost's objective. Code
    that subtracts 1 from the root returns 0 for r = 1e-4 in float32; the value is 5e-9.

    References
    ----------
    R. Hartley and A. Zisserman, Multiple View Geometry in Computer Vision, appendix 6, 2004,
    https://doi.org/10.1017/CBO9780511811685

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.PseudoHuber()([2.0], [0.0]).round(4))
    1.2361
    >>> gradient, hessian = lf.PseudoHuber(delta=3.0).grad_and_hess([4.0], [0.0])
    >>> print(gradient.round(4), hessian.round(4))
    [2.4] [0.216]
    """

    delta: float = option(default=1.0, domain=POSITIVE)
    estimates = "between median and mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "SciPy": 'special.pseudo_huber(delta, r) and least_squares(loss="soft_l1", f_scale=delta): the same',
        "XGBoost": "reg:pseudohubererror(huber_slope=delta): the same",
        "kornia": "charbonnier_loss: this at delta = 1",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """δ²(√(1 + (r/δ)²) - 1) = r² / (1 + √(1 + (r/δ)²)): the second form does not cancel."""
        residual = prediction - target
        return residual * (residual / (1.0 + length(m, residual / self.delta, 1.0)))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r / √(1 + (r/δ)²)."""
        residual = prediction - target
        return residual / length(m, residual / self.delta, 1.0)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """(1 + (r/δ)²)^(-3/2)."""
        inside = 1.0 + m.square((prediction - target) / self.delta)
        return 1.0 / (inside * m.sqrt(inside))


class LogCosh(Pointwise):
    """Logarithm of the hyperbolic cosine of the residual: smooth, with slopes within ±1.

    log cosh(prediction - target), both real numbers of one shape: r²/2 near 0, |r| - log 2 far out.

    Estimates a location between median and mean. Robust and smooth with nothing to tune, for targets scaled so that
    a typical residual is about 1. The gradient is tanh r.

    Notes
    -----
    The function is that of Keras and optax. In float32 theirs loses small residuals: for r = 1e-4 both return 0
    where the value is 5e-9, for r = 1e-3 they return 5.364e-7 where it is 5e-7.

    References
    ----------
    P. J. Green, Bayesian reconstructions from emission tomography data using a modified EM algorithm, 1990,
    https://doi.org/10.1109/42.52985

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.LogCosh().value_and_grad([2.0, 0.0], [0.0, 0.0])
    >>> print(value.round(4), gradient.round(4))
    0.6625 [0.482 0.   ]
    """

    estimates = "between median and mean"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "Keras": "LogCosh: the same, but 0 for a residual of 1e-4 in float32",
        "optax": "log_cosh: the same, not averaged, but 0 for a residual of 1e-4 in float32",
        "CatBoost": "LogCosh: the same",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """log cosh r."""
        return m.log_cosh(prediction - target)


class Charbonnier(Pointwise):
    """The absolute error, rounded off at the target.

    √(r² + eps²) with r = prediction - target, both real numbers of one shape.

    Estimates the median. For image restoration, where an absolute error is wanted whose gradient does not jump.
    At the target the value is eps, not 0.

    Parameters
    ----------
    eps : float, default 1e-3
        Width of the rounding, in units of the target; above 0.

    Notes
    -----
    Under this name kornia computes √(1 + r²) - 1, which is `PseudoHuber(delta=1)`: 0.41421 for r = 1, where
    this gives 1.0000005. BasicSR's eps = 1e-12 stands under the root as it is: √(r² + 1e-12), here eps = 1e-6.

    References
    ----------
    P. Charbonnier, L. Blanc-Féraud, G. Aubert and M. Barlaud, Two deterministic half-quadratic regularization
    algorithms for computed imaging, 1994, https://doi.org/10.1109/ICIP.1994.413553

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.Charbonnier()([1.0], [0.0]).round(8))
    1.0000005
    >>> value, gradient = lf.Charbonnier(eps=3.0).value_and_grad([4.0], [0.0])
    >>> print(value, gradient)
    5.0 [0.8]
    """

    eps: float = option(default=1e-3, domain=POSITIVE)
    estimates = "median"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "kornia": "charbonnier_loss is √(1 + r²) - 1, which is PseudoHuber(delta=1)",
        "BasicSR": "charbonnier_loss(eps): this with the root of its eps",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """√(r² + ε²), scaled by the larger of the two so that no square overflows or vanishes."""
        return length(m, prediction - target, self.eps)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r / √(r² + ε²)."""
        residual = prediction - target
        return residual / length(m, residual, self.eps)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """ε² / (r² + ε²)^(3/2)."""
        far = length(m, prediction - target, self.eps)
        ratio = self.eps / far
        return ratio * ratio / far


def length(m: Any, x: Any, y: Any) -> Any:
    """√(x² + y²) for y > 0, without a square that overflows."""
    size = m.abs(x)
    large, small = m.maximum(size, y), m.minimum(size, y)
    return large * m.sqrt(1.0 + m.square(small / large))
