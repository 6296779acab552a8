"""Losses of a residual that let go of outliers: not convex, so they want a good start."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import POSITIVE
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class Cauchy(Pointwise):
    """Logarithm of the squared residual: outliers pull less the farther they are.

    log(1 + u²/2) with u = (prediction - target) / scale, both real numbers of one shape.

    Estimates a mode-seeking location; it is the likelihood of Cauchy-distributed errors of width √2 scale. For data
    with gross errors on both sides; the value still grows without bound, so a far start is pulled back in.

    Parameters
    ----------
    scale : float, default 1.0
        Width of the quadratic part, in units of the target; above 0. The pull is strongest at √2 scale.

    Notes
    -----
    The form of Barron and of kornia (scale 1). SciPy's `least_squares(loss="cauchy", f_scale=c)` minimises
    ½ c² log(1 + (r/c)²), which is c²/2 times this with scale = c/√2: for r = 2 and c = 1 it is 0.8047, where
    `Cauchy()` gives 1.0986.

    References
    ----------
    J. T. Barron, A general and adaptive robust loss function, 2019, https://arxiv.org/abs/1701.03077

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.Cauchy()([2.0], [0.0]).round(4))
    1.0986
    >>> value, gradient = lf.Cauchy().value_and_grad([1.0, 100.0], [0.0, 0.0], reduction="none")
    >>> print(gradient.round(4))
    [0.6667 0.02  ]
    """

    scale: float = option(default=1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "SciPy": 'least_squares(loss="cauchy", f_scale=c): c²/2 times this with scale = c/√2',
        "kornia": "cauchy_loss: the same at scale 1",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """log1p(½u²), u = r/scale."""
        return log1p_square(m, (prediction - target) / self.scale, 0.5)


def log1p_square(m: Any, u: Any, factor: Any) -> Any:
    """log(1 + factor·u²): twice the logarithm of the root where the square would overflow."""
    root = m.abs(u) * m.sqrt(factor)
    far = root > 1e18
    log = m.log1p(m.where(far, root, factor * m.square(u)))
    return m.where(far, 2.0 * log, log)


class Welsch(Pointwise):
    """One minus a bell curve of the residual: outliers cost 1, whatever their size.

    1 - e^(-u²/2) with u = (prediction - target) / scale, both real numbers of one shape.

    Estimates a mode-seeking location. For data in which a point is either good or worthless: beyond a few scales the
    gradient is practically 0. Start from the fit of a convex loss.

    Parameters
    ----------
    scale : float, default 1.0
        Size of residual with the strongest pull, in units of the target; above 0.

    Notes
    -----
    The form of Barron (alpha = -∞) and of kornia (scale 1). Also called Leclerc loss and, up to scale, correntropy.

    References
    ----------
    J. E. Dennis and R. E. Welsch, Techniques for nonlinear least squares and robust regression, 1978,
    https://doi.org/10.1080/03610917808812083

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.Welsch().value_and_grad([1.0, 10.0], [0.0, 0.0], reduction="none")
    >>> print(value.round(4), gradient.round(4))
    [0.3935 1.    ] [0.6065 0.    ]
    """

    scale: float = option(default=1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"
    elsewhere: ClassVar[Mapping[str, str]] = {"kornia": "welsch_loss: the same at scale 1"}

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """-expm1(-½u²), u = r/scale."""
        return -m.expm1(-0.5 * m.square((prediction - target) / self.scale))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """u·e^(-½u²)/scale, of which the root is multiplied in twice: it does not vanish while u holds it up."""
        u = (prediction - target) / self.scale
        root = m.exp(-0.25 * m.square(u))
        return u / self.scale * root * root

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """(1 - u²)·e^(-½u²)/scale², from its two terms."""
        u = (prediction - target) / self.scale
        root = m.exp(-0.25 * m.square(u))
        return (m.square(root) - m.square(u * root)) / m.square(self.scale)


class GemanMcClure(Pointwise):
    """A squared residual over itself plus a constant: outliers cost 2, whatever their size.

    2u² / (u² + 4) with u = (prediction - target) / scale, both real numbers of one shape.

    Estimates a mode-seeking location. Lets go of outliers as `Welsch` does, but with a tail that still pulls
    (as 1/u³): the usual choice in registration and pose estimation.

    Parameters
    ----------
    scale : float, default 1.0
        Width of the quadratic part, in units of the target; above 0.

    Notes
    -----
    The form of Barron (alpha = -2) and of kornia (scale 1), 0.4 for u = 1. Other texts write r²/(c² + r²), 0.5 for
    r = c = 1: that is half of this with scale = c/2.

    References
    ----------
    J. T. Barron, A general and adaptive robust loss function, 2019, https://arxiv.org/abs/1701.03077

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.GemanMcClure().value_and_grad([1.0, 10.0], [0.0, 0.0], reduction="none")
    >>> print(value.round(4), gradient.round(4))
    [0.4    1.9231] [0.64   0.0148]
    """

    scale: float = option(default=1.0, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"
    elsewhere: ClassVar[Mapping[str, str]] = {"kornia": "geman_mcclure_loss: the same at scale 1"}

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
    """Tukey's biweight: residuals beyond `scale` cost the same and pull no more.

    scale²/6 (1 - (1 - v)³) with v = min((prediction - target)² / scale², 1), both real numbers of one shape.

    Estimates a mode-seeking location. The classic of robust regression when points beyond `scale` should have no
    say at all. Start from the fit of a convex loss, and divide the residuals by a robust spread (1.4826 MAD).

    Parameters
    ----------
    scale : float, default 4.685
        Residual beyond which the loss is flat, in units of the target; above 0. The default gives 95 % efficiency
        for normal errors of variance 1.

    References
    ----------
    A. E. Beaton and J. W. Tukey, The fitting of power series, meaning polynomials, illustrated on
    band-spectroscopic data, 1974, https://doi.org/10.1080/00401706.1974.10489171

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.Tukey(scale=2.0).value_and_grad([1.0, 5.0], [0.0, 0.0], reduction="none")
    >>> print(value.round(4), gradient)
    [0.3854 0.6667] [0.5625 0.    ]
    """

    scale: float = option(default=4.685, domain=POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "mode-seeking location"
    elsewhere: ClassVar[Mapping[str, str]] = {"statsmodels": "TukeyBiweight(c=scale): the same gradient"}

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """scale²/6 (1 - (1 - v)³) = n²/6·(3 - 3v + v²), v = (n/scale)², n = min(|r|, scale)."""
        size = m.minimum(m.abs(prediction - target), self.scale)
        v = m.square(size / self.scale)
        return m.square(size) * (3.0 - v * (3.0 - v)) / 6.0

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """r(1 - u²)² within the scale, 0 beyond."""
        residual = prediction - target
        return m.weighted(m.square(_left(m, residual, self.scale)), residual)

    def hessian(self, m: Any, prediction: Any, target: Any) -> Any:
        """(1 - u²)(1 - 5u²) within the scale, 0 beyond."""
        residual = prediction - target
        u = m.minimum(m.abs(residual / self.scale), 1.0)
        return _left(m, residual, self.scale) * (1.0 - 5.0 * m.square(u))


def _left(m: Any, residual: Any, scale: Any) -> Any:
    # 1 - u² as (scale - |r|)(scale + |r|)/scale²: dividing first would lose its digits near the edge.
    size = m.minimum(m.abs(residual), scale)
    return (scale - size) / scale * ((scale + size) / scale)
