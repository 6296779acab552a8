"""The best constant score: where a fit starts, and what boosting adds its trees to."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize

from lossfn.core.arrays import Array
from lossfn.core.domain import REAL
from lossfn.sklearn.data import Seen


def best_constant(seen: Seen) -> Array:
    """Return the scores, one per output, that minimise the mean loss of a constant."""
    if seen.outputs == 1 and not seen.over_classes:
        return np.array([_root(seen)])
    first = np.zeros(seen.outputs)
    return np.asarray(minimize(lambda c: _at(seen, c), first, jac=True, method="L-BFGS-B").x)


def _at(seen: Seen, constant: Array) -> tuple[float, Array]:
    value, slope = seen.value_and_grad(np.tile(constant, (len(seen.target), 1)))
    return value, slope.sum(axis=0)


def _root(seen: Seen) -> float:
    # Where the mean slope changes sign. Far out a redescending loss has none: the search begins at the median.
    free: Any = seen.loss.domains().get("target", REAL)
    middle = float(np.median(seen.target)) if free == REAL else 0.0
    step = float(np.std(seen.target)) or 1.0

    def slope(constant: float) -> float:
        return float(_at(seen, np.array([constant]))[1][0])

    here = slope(middle)
    if here == 0.0:
        return middle
    side = -np.sign(here)
    for power in range(40):
        beyond = middle + side * step * 2.0**power / 8.0
        if slope(beyond) * here <= 0.0:
            return float(brentq(slope, middle, beyond, xtol=1e-12 * step))
    return middle
