"""The Gaussian error linear unit, with the error function itself, not its tanh imitation."""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from lossfn.nn.layers.base import Array, Layer

# Nodes of the table of Φ are 1/512 apart; beyond ±9 it is 0 or 1 in float64.
STEP, FAR, TERMS = 1 / 512, 9.0, 5


class GELU(Layer):
    """x Φ(x), Φ being the distribution function of the standard normal.

    Hendrycks and Gimpel (2016), https://arxiv.org/abs/1606.08415; torch's default, ``approximate="none"``.

    Examples
    --------
    >>> import numpy as np
    >>> GELU().forward(np.array([[-1.0, 0.0, 3.0]])).round(4)
    array([[-0.1587,  0.    ,  2.996 ]])
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        share = normal_cdf(x)
        if training:
            self._kept = x, share
        return x * share

    def backward(self, gradient: Array) -> Array:
        # d x Φ(x) / dx = Φ(x) + x φ(x)
        x, share = self._recall()
        slope: Array = gradient * (share + x * np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi))
        return slope


def normal_cdf(x: Array) -> Array:
    """Return Φ(x) = (1 + erf(x/√2)) / 2 within 1e-15, in the dtype of x."""
    # Taylor's series around the nearest node: the remainder is below (step/2)^5
    place = np.clip(np.nan_to_num(x), -FAR, FAR) / STEP
    node = np.rint(place)
    rest = (place - node) * STEP
    series = _series()[(node + FAR / STEP).astype(np.intp)]
    value = series[..., TERMS - 1]
    for power in reversed(range(TERMS - 1)):
        value = value * rest + series[..., power]
    return np.where(np.isnan(x), x, value).astype(x.dtype)


@lru_cache(maxsize=1)
def _series() -> NDArray[np.float64]:
    # Row: the coefficients of h^0, h^1, ... in Φ(x + h), from φ' = -x φ
    x = np.linspace(-FAR, FAR, round(2 * FAR / STEP) + 1)
    density = np.exp(-0.5 * x * x) / math.sqrt(2 * math.pi)
    value = np.array([0.5 * math.erfc(-node / math.sqrt(2)) for node in x])
    value[0] = 0.0  # stands for all below: times a far x, what is left of it would grow
    slopes = (1, -x / 2, (x * x - 1) / 6, (3 * x - x**3) / 24)
    return np.column_stack([value, *(density * slope for slope in slopes)])
