"""How far residuals usually lie from their middle, whatever the outliers do."""

from __future__ import annotations

from typing import Any

import numpy as np

CONSISTENT = 1.4826  # 1/Φ⁻¹(¾): the spread of normal residuals is then their standard deviation

ROUNDING = 1e-9  # of the mean distance: what equal residuals may differ by


def spread(residual: Any) -> tuple[float, float]:
    """Return the median of residuals, and 1.4826 times the median distance from it.

    Where half of them are equal, the mean distance stands in, as if normal: √(π/2) times it.

    References
    ----------
    F. R. Hampel, The influence curve and its role in robust estimation, 1974, https://doi.org/10.2307/2285666

    Examples
    --------
    >>> spread([-1.0, 0.0, 1.0, 1000.0])
    (0.5, 1.4826)
    """
    values = np.asarray(residual, np.float64).ravel()
    if not values.size:
        return 0.0, 0.0
    middle = float(np.median(values))
    distance = np.abs(values - middle)
    usual, mean = float(np.median(distance)), float(distance.mean())
    return middle, CONSISTENT * usual if usual > ROUNDING * mean else float(np.sqrt(np.pi / 2)) * mean
