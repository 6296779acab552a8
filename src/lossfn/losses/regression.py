"""Losses of a residual: prediction and target are real numbers of one shape."""

from __future__ import annotations

import math
from typing import Any, ClassVar

from lossfn.core.domain import ABOVE_MINUS_ONE, NONNEGATIVE, OPEN_UNIT, POSITIVE, Interval
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class SquaredError(Pointwise):
    """(prediction - target)²."""

    estimates = "mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """r²."""
        return m.square(prediction - target)


class HalfSquaredError(Pointwise):
    """½ (prediction - target)²."""

    estimates = "mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """½r²."""
        return 0.5 * m.square(prediction - target)


class AbsoluteError(Pointwise):
    """|prediction - target|."""

    estimates = "median"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """|r|."""
        return m.abs(prediction - target)


class Huber(Pointwise):
    """Quadratic within `delta` of the target, linear beyond it."""

    delta: float = option(1.0, domain=POSITIVE)
    estimates = "between median and mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """With n the residual clipped to ±δ: n(r - n/2)."""
        # Through |r| the curvature at r = 0 would be derived as 0; the clipped form is right everywhere.
        residual = prediction - target
        near = m.minimum(m.maximum(residual, -self.delta), self.delta)
        return near * (residual - 0.5 * near)


class SmoothL1(Pointwise):
    """Huber divided by its threshold: slopes stay within ±1."""

    beta: float = option(1.0, domain=NONNEGATIVE)
    estimates = "between median and mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """With n the residual clipped to ±β: n(r - n/2)/β; |r| for β = 0."""
        residual = prediction - target
        if isinstance(self.beta, float) and self.beta == 0.0:
            return m.abs(residual)
        near = m.minimum(m.maximum(residual, -self.beta), self.beta)
        return near * (residual - 0.5 * near) / self.beta


class PseudoHuber(Pointwise):
    """A smooth Huber."""

    delta: float = option(1.0, domain=POSITIVE)
    estimates = "between median and mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """δ²(√(1 + (r/δ)²) - 1) = r² / (1 + √(1 + (r/δ)²)): the second form does not cancel."""
        residual = prediction - target
        root = m.sqrt(1.0 + m.square(residual / self.delta))
        return residual * (residual / (1.0 + root))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r / √(1 + (r/δ)²)."""
        residual = prediction - target
        return residual / m.sqrt(1.0 + m.square(residual / self.delta))

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """(1 + (r/δ)²)^(-3/2)."""
        inside = 1.0 + m.square((prediction - target) / self.delta)
        return 1.0 / (inside * m.sqrt(inside))


class LogCosh(Pointwise):
    """log cosh of the residual: r²/2 near 0, |r| - log 2 far out."""

    estimates = "between median and mean"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """log cosh r."""
        return m.log_cosh(prediction - target)


class Quantile(Pointwise):
    """The pinball loss: under-prediction costs `q`, over-prediction 1 - q."""

    q: float = option(0.5, domain=OPEN_UNIT)
    estimates = "quantile q"

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
    """The squared error with weight `q` below the target and 1 - q above it."""

    q: float = option(0.5, domain=OPEN_UNIT)
    estimates = "expectile q"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """|q - 1[r > 0]| r²."""
        residual = prediction - target
        return m.where(residual > 0.0, 1.0 - self.q, self.q) * m.square(residual)


class EpsilonInsensitive(Pointwise):
    """Residuals up to `epsilon` cost nothing: the loss of support vector regression."""

    epsilon: float = option(0.1, domain=NONNEGATIVE)
    estimates = "median, up to epsilon"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """max(|r| - ε, 0)."""
        return m.maximum(0.0, m.abs(prediction - target) - self.epsilon)


class SquaredLogError(Pointwise):
    """Squared difference of log(1 + x): relative errors of non-negative quantities."""

    prediction_domain = ABOVE_MINUS_ONE
    target_domain = ABOVE_MINUS_ONE
    convex: ClassVar[bool] = False
    estimates = "expm1 of the mean of log1p"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """log²((1 + p)/(1 + t)) = log1p²((p - t)/(1 + t)): one logarithm, exact where they are close."""
        return m.square(m.log1p((prediction - target) / (1.0 + target)))


class Charbonnier(Pointwise):
    """√(r² + ε²): the absolute error, rounded off at 0."""

    eps: float = option(1e-3, domain=POSITIVE)
    estimates = "median"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """√(r² + ε²), scaled by the larger of the two so that no square overflows or vanishes."""
        return _length(m, prediction - target, self.eps)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r / √(r² + ε²)."""
        residual = prediction - target
        return residual / _length(m, residual, self.eps)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """ε² / (r² + ε²)^(3/2)."""
        length = _length(m, prediction - target, self.eps)
        ratio = self.eps / length
        return ratio * ratio / length


def _length(m: Any, x: Any, y: Any) -> Any:
    size = m.abs(x)
    large, small = m.maximum(size, y), m.minimum(size, y)
    return large * m.sqrt(1.0 + m.square(small / large))


class Cauchy(Pointwise):
    """log(1 + ½(r/scale)²): outliers count less and less."""

    scale: float = option(1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """log1p(½u²), u = r/scale."""
        return m.log1p(0.5 * m.square((prediction - target) / self.scale))


class Welsch(Pointwise):
    """1 - e^(-½(r/scale)²): outliers cost 1, whatever their size."""

    scale: float = option(1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """-expm1(-½u²), u = r/scale."""
        return -m.expm1(-0.5 * m.square((prediction - target) / self.scale))


class GemanMcClure(Pointwise):
    """2u²/(u² + 4) with u = r/scale: outliers cost 2, whatever their size."""

    scale: float = option(1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """2v with v = u²/(u² + 4) = 1/(1 + (2/u)²), taken from the side that stays finite."""
        u = (prediction - target) / self.scale
        return 2.0 * m.where(m.abs(u) < 1.0, m.square(u) / (m.square(u) + 4.0), 1.0 / (1.0 + m.square(2.0 / u)))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """16u / (scale·(u² + 4)²)."""
        u = (prediction - target) / self.scale
        inside = m.square(u) + 4.0
        return 16.0 * (u / inside) / (inside * self.scale)


class Tukey(Pointwise):
    """Tukey's biweight: residuals beyond `scale` cost the same and pull no more."""

    scale: float = option(4.685, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """scale²/6 (1 - (1 - v)³) = scale²/6·v(3 - 3v + v²), v = min(u², 1)."""
        u = m.minimum(m.abs((prediction - target) / self.scale), 1.0)
        v = m.square(u)
        return m.square(self.scale) / 6.0 * (v * (3.0 - v * (3.0 - v)))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r(1 - u²)² within the scale, 0 beyond; 1 - u² as (1 - u)(1 + u) keeps its digits near 1."""
        residual = prediction - target
        u = m.minimum(m.abs(residual / self.scale), 1.0)
        left = (1.0 - u) * (1.0 + u)
        return m.weighted(m.square(left), residual)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """(1 - u²)(1 - 5u²) within the scale, 0 beyond."""
        u = m.minimum(m.abs((prediction - target) / self.scale), 1.0)
        return (1.0 - u) * (1.0 + u) * (1.0 - 5.0 * m.square(u))


class Barron(Pointwise):
    """The general robust loss: `alpha` runs from squared error (2) over Charbonnier (1), Cauchy (0) and
    Geman-McClure (-2) to Welsch (-∞).
    """

    alpha: float = option(1.0, domain=Interval(), static=True)
    scale: float = option(1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mean for alpha = 2, ever more mode-seeking below"

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """(b/α)((u²/b + 1)^(α/2) - 1) with b = |α - 2|, and its limits at α = 2, 0, -∞, +∞."""
        half = 0.5 * m.square((prediction - target) / self.scale)
        if self.alpha == 2.0:
            return half
        if self.alpha == 0.0:
            return m.log1p(half)
        if math.isinf(self.alpha):
            return math.copysign(1.0, self.alpha) * m.expm1(math.copysign(1.0, self.alpha) * half)
        b = abs(self.alpha - 2.0)
        log = m.log1p(half / (0.5 * b))
        if b < 1e-3:
            # Near 2 the power is (1 + z)·(1 + z)^(α/2 - 1): only the small factor goes through expm1.
            return (2.0 * half + (b + 2.0 * half) * m.expm1((0.5 * self.alpha - 1.0) * log)) / self.alpha
        return b / self.alpha * m.expm1(0.5 * self.alpha * log)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r/scale²·(u²/b + 1)^(α/2 - 1)."""
        slope = (prediction - target) / self.scale / self.scale
        half = 0.5 * m.square((prediction - target) / self.scale)
        if self.alpha == 2.0:
            return slope
        if math.isinf(self.alpha):
            return slope * m.exp(math.copysign(1.0, self.alpha) * half)
        b = abs(self.alpha - 2.0)
        return slope * m.exp((0.5 * self.alpha - 1.0) * m.log1p(half / (0.5 * b)))
