"""The best constant score, where a fit starts and what boosting adds its trees to; and how far from it scores lie."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.optimize import brentq, minimize

from lossfn.core.answers import NUMBERS
from lossfn.core.arrays import Array
from lossfn.core.domain import REAL
from lossfn.sklearn.data import Seen


def best_constant(seen: Seen) -> Array:
    """Return the scores, one per output, that minimise the mean loss of a constant."""
    if seen.outputs == 1 and not seen.over_classes:
        return np.array([_root(seen)])
    first = np.zeros(seen.outputs)
    return np.asarray(minimize(lambda c: _at(seen, c), first, jac=True, method="L-BFGS-B").x)


def typical_step(seen: Seen, constant: Array) -> Array:
    """Return the unit of each score: the mean Newton step from the best constant, else the deviation of the targets."""
    slope, bent = seen.slopes(np.tile(constant, (len(seen.target), 1)))
    curvature, size = bent.sum(axis=0), np.abs(slope).sum(axis=0)
    solid = (curvature > 0.1 * np.abs(bent).sum(axis=0)) & (size > 0.0)
    return np.asarray(np.divide(size, curvature, out=np.full(seen.outputs, _deviation(seen)), where=solid))


def _deviation(seen: Seen) -> float:
    if seen.over_classes:
        return 1.0
    mean = np.average(seen.target, weights=seen.weight)
    return float(np.sqrt(np.average((seen.target - mean) ** 2, weights=seen.weight))) or 1.0


def _at(seen: Seen, constant: Array) -> tuple[float, Array]:
    value, slope = seen.value_and_grad(np.tile(constant, (len(seen.target), 1)))
    return value, slope.sum(axis=0)


def _root(seen: Seen) -> float:
    # Where the mean slope changes sign. Far out a redescending loss has none: the search begins at the median.
    free: Any = seen.loss.domains().get("target", REAL)
    target = seen.target if seen.weight is None else seen.target[seen.weight > 0.0]
    middle = float(np.median(target)) if free == REAL else 0.0
    step = 1.0 if seen.loss.estimates in NUMBERS else float(np.std(target)) or 1.0  # logarithms have no unit

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
