"""The likelihood of the general robust loss: how heavy the tails are, and how wide the bulk, can be learnt."""

from __future__ import annotations

from collections.abc import Mapping
from math import factorial
from typing import Any, ClassVar

from lossfn.core.domain import POSITIVE, REAL, Interval
from lossfn.core.kinds import Pointwise

# log Z + ½ q log q = CONSTANT + Σ residue / (p - pole) on 0 < p < 1, within 1.3e-7, its slope within 5e-5.
# Found by the AAA algorithm on values of 30 digits; the integral is taken again in the tests.
CONSTANT = -4.599733559300722
POLES = (
    (-5.26401, 28.194575822907236),
    (-0.331481, 0.05379221877996082),
    (-0.114872, 0.008063429098779773),
    (-0.0490836, 0.0007366539203534916),
    (-0.0230888, 1.53510271099222e-05),
    (1.00198, -3.3000713273168e-08),
    (1.01637, -1.024346715361446e-05),
    (1.06978, -0.0005644367383612625),
    (1.25091, -0.01851026585661819),
    (2.13515, -1.0066234101760656),
)
# (y e^y - expm1 y) / y² = Σ (n + 1)/(n + 2)! yⁿ, for y below ½.
SERIES = tuple((n + 1) / factorial(n + 2) for n in range(14))


class BarronNLL(Pointwise):
    """The density of Barron's loss, its shape and scale predicted: call with (location, shape, scale).

    log scale + log Z(shape) + ρ(u) with u = (location - t) / scale and, for p = shape/2 and q = 1 - p::

        ρ(u) = q/p ((1 + u²/(2q))^p - 1)        Z(shape) = ∫ e^-ρ(u) du

    shape lies between 0 (Cauchy's tails) and 2 (the normal distribution), scale above 0; all of one shape as arrays.
    Gradients come as a triple.

    Estimates location, tails and scale. The model finds out by itself how much to trust outliers, overall or row by
    row: let it end in 2 sigmoid for the shape and an exponential or a softplus for the scale. Without Z the shape
    would run to where residuals cost nothing. Not convex.

    Notes
    -----
    At u = 1, shape 1 and scale 1 the value is 1.599709: √2 - 1 from the residual, 1.185495 = log(2e K₁(1)) from Z. Z
    has no closed form: its logarithm is a sum of ten fractions, within 1.3e-7. robust_loss_pytorch interpolates a
    table with cubics.

    References
    ----------
    J. T. Barron, A general and adaptive robust loss function, 2019, https://arxiv.org/abs/1701.03077.
    Y. Nakatsukasa, O. Sète and L. N. Trefethen, The AAA algorithm for rational approximation, 2018,
    https://doi.org/10.1137/16M1106122

    Examples
    --------
    >>> import lossfn as lf
    >>> value, slopes = lf.BarronNLL().value_and_grad(([1.0], [1.0], [1.0]), [0.0])
    >>> print(value.round(4), *(slope.round(4) for slope in slopes))
    1.5997 [0.7071] [-0.1776] [0.2929]
    """

    predictions = ("location", "shape", "scale")
    prediction_domain = (REAL, Interval(0, 2, low_open=True, high_open=True), POSITIVE)
    convex: ClassVar[bool] = False
    estimates = "location, tails and scale"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "robust_loss_pytorch": "AdaptiveLossFunction: the same with one shape and scale for all rows",
    }

    def formula(self, m: Any, location: Any, shape: Any, scale: Any, target: Any) -> Any:
        """log c + log Z + q/p·expm1(y), y = p·log(1 + u²/(2q))."""
        p, q, log = _parts(m, location - target, shape, scale)
        y = p * log
        half = m.exp(0.5 * y)
        grown = m.where(y > 40.0, q * half * half, q * m.expm1(y)) / p
        small = q * (log * (1.0 + 0.5 * y * (1.0 + y / 3.0)))
        return m.where(y < 1e-30, small, grown) + m.log(scale) + _log_partition(m, p, q)

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """u/c·e^-qL in the location, (1 - u² e^-qL)/c in the scale, ½(ρ' + log Z') in the shape; L = log(1 + z)."""
        residual, scale = inputs["location"] - inputs["target"], inputs["scale"]
        p, q, log = _parts(m, residual, inputs["shape"], scale)
        if name == "shape":
            return 0.5 * (_bend(m, p, q, log) + _log_partition_slope(m, p, q))
        if name == "scale":
            return (1.0 - _pull(m, p, q, log)) / scale
        root, again = _roots(m, q * log)
        slope = (residual * root / scale * again) * (root / scale * again)
        return slope if name == "location" else -slope

    def known_curvature(self, m: Any, inputs: Mapping[str, Any], first: str, second: str) -> Any:
        """e^-qL(1 - 2q z/(1 + z))/c² in the location, (u² e^-qL(3 - 2q z/(1 + z)) - 1)/c² in the scale."""
        scale = inputs["scale"]
        p, q, log = _parts(m, inputs["location"] - inputs["target"], inputs["shape"], scale)
        left = 1.0 + 2.0 * q * m.expm1(-log)
        if first == second == "location":
            root, again = _roots(m, q * log)
            return m.square(root / scale * again) * left
        if first == second == "scale":
            return (_pull(m, p, q, log) * (2.0 + left) - 1.0) / scale / scale
        return None


def _parts(m: Any, residual: Any, shape: Any, scale: Any) -> tuple[Any, Any, Any]:
    """Return p, q and log(1 + u²/(2q)), from logarithms where the square would overflow."""
    p = 0.5 * shape
    q = 1.0 - p
    size = m.abs(residual)
    far = size / scale > 1e18
    near = m.log1p(m.square(m.where(far, 0.0, size / scale)) / (2.0 * q))
    away = 2.0 * (m.log(m.where(far, size, 1.0)) - m.log(scale)) - m.log(2.0 * q)
    return p, q, m.where(far, away, near)


def _roots(m: Any, x: Any) -> tuple[Any, Any]:
    """Return a and b with (ab)² = e^-x, b = 1 but where a² could vanish while other factors hold it up."""
    large = x > 150.0  # e^-75 is a normal number of every format but float16
    root = m.exp(m.where(large, -0.25, -0.5) * x)
    return root, m.where(large, root, 1.0)


def _pull(m: Any, p: Any, q: Any, log: Any) -> Any:
    """Return u² e^-qL as 2q e^pL z/(1 + z), in which no square overflows."""
    half = m.exp(0.5 * p * log)
    return -2.0 * q * half * m.expm1(-log) * half


def _bend(m: Any, p: Any, q: Any, log: Any) -> Any:
    """Return the slope of ρ in p: L² ψ(y) + e^y(z/(1 + z) - L), and the same without cancellation at large y."""
    y = p * log
    near, half = m.minimum(y, 0.5), m.exp(0.5 * y)
    psi = SERIES[-1]
    for term in reversed(SERIES[:-1]):
        psi = term + near * psi
    small = m.square(log) * psi + m.exp(near) * (-m.expm1(-log) - log)
    large = q * half * (log - (1.0 + p) / p) / p * half - m.expm1(-q * log) + q * (1.0 + p) / (p * p)
    return m.where(y < 0.5, small, large)


def _log_partition(m: Any, p: Any, q: Any) -> Any:
    return sum((residue / (p - pole) for pole, residue in POLES), CONSTANT) - 0.5 * q * m.log(q)


def _log_partition_slope(m: Any, p: Any, q: Any) -> Any:
    return 0.5 + 0.5 * m.log(q) - sum(residue / m.square(p - pole) for pole, residue in POLES)
