"""The general robust loss: squared error, Cauchy, Geman-McClure and Welsch as one family."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import POSITIVE, Interval
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option
from lossfn.losses.robust import log1p_square
from lossfn.losses.smooth import length


class Barron(Pointwise):
    """The general robust loss: one knob from squared error to losses that let go of outliers.

    With u = (prediction - target) / scale, both real numbers of one shape, and b = |alpha - 2|::

        b/alpha ((u²/b + 1)^(alpha/2) - 1)

    and its limits: u²/2 at alpha = 2, the pseudo-Huber loss at 1, `Cauchy` at 0, `GemanMcClure` at -2, `Welsch`
    at -∞. Estimates the mean for alpha = 2 and is ever more mode-seeking below; not convex for alpha < 1. For
    comparing kinds of robustness, or lowering alpha step by step while training.

    Parameters
    ----------
    alpha : float, default 1.0
        Shape: any number, infinities included. Above 2 outliers count more than in a squared error.
    scale : float, default 1.0
        Size of residual at which the quadratic part ends, in units of the target; above 0.

    Notes
    -----
    In float32 robust_loss_pytorch gives 0.47684 for r = 1 and alpha = 1e-6, where the value is 0.405465.

    References
    ----------
    J. T. Barron, A general and adaptive robust loss function, 2019, https://arxiv.org/abs/1701.03077

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.Barron(alpha=1e-6)([1.0], [0.0]).round(6), lf.Cauchy()([1.0], [0.0]).round(6))
    0.405465 0.405465
    >>> print(lf.Barron(alpha=2.0)([3.0], [0.0]), lf.Barron(alpha=float("-inf"))([3.0], [0.0]).round(4))
    4.5 0.9889
    """

    alpha: float = option(default=1.0, domain=Interval(), static=True)
    scale: float = option(default=1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mean for alpha = 2, ever more mode-seeking below"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "robust_loss_pytorch": "lossfun(alpha, scale): the same, less accurate near alpha = 0 and 2",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """(b/α)((u²/b + 1)^(α/2) - 1) with b = |α - 2|, and its limits at α = 2, 0, -∞, +∞."""
        u = (prediction - target) / self.scale
        half = 0.5 * m.square(u)
        if self.alpha == 2.0:
            return half
        if self.alpha == 1.0:
            return u * (u / (1.0 + length(m, u, 1.0)))
        if self.alpha == 0.0:
            return log1p_square(m, u, 0.5)
        if math.isinf(self.alpha):
            return math.copysign(1.0, self.alpha) * m.expm1(math.copysign(1.0, self.alpha) * half)
        b = abs(self.alpha - 2.0)
        log = log1p_square(m, u, 1.0 / b)
        if b < 1e-3:
            # Near 2 the power is (1 + z)·e^s, s = (α/2 - 1)·log(1 + z) being small: u²·e^s + b·(e^s - 1).
            small = (0.5 * self.alpha - 1.0) * log
            return (half * (2.0 * m.exp(small)) + b * m.expm1(small)) / self.alpha
        return b / self.alpha * m.expm1(0.5 * self.alpha * log)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r/scale²·(u²/b + 1)^(α/2 - 1)."""
        u = (prediction - target) / self.scale
        if self.alpha == 2.0:
            return u / self.scale
        if self.alpha == 1.0:
            return u / length(m, u, 1.0) / self.scale
        if math.isinf(self.alpha):
            root = m.exp(math.copysign(0.25, self.alpha) * m.square(u))
            return u / self.scale * root * root
        root = self._root_of_power(m, u)
        return u / self.scale * root * root

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """(u²/b + 1)^(α/2 - 1)/scale²·(1 + (α - 1)z)/(1 + z) with z = u²/b."""
        u = (prediction - target) / self.scale
        unit = 1.0 / m.square(self.scale)
        if self.alpha == 2.0:
            return m.where(m.equal(u, u), unit, u)
        if self.alpha == 1.0:
            return unit / (length(m, u, 1.0) * (1.0 + m.square(u)))
        if math.isinf(self.alpha):
            side = math.copysign(1.0, self.alpha)
            root = m.exp(0.25 * side * m.square(u))
            return unit * (m.square(root) + side * m.square(u * root))
        z, root = m.square(u) / abs(self.alpha - 2.0), self._root_of_power(m, u)
        one, share = m.where(z > 1.0, 1.0 / z, 1.0), m.where(z > 1.0, 1.0, z)
        return (one + (self.alpha - 1.0) * share) / (one + share) * unit * root * root

    def _root_of_power(self, m: Any, u: Any) -> Any:
        # Half the exponent: multiplied in twice, it does not vanish while u still holds it up.
        log = log1p_square(m, u, 1.0 / abs(self.alpha - 2.0))
        return m.exp(0.25 * self.alpha * log - 0.5 * log)
