"""Curvature in units of the target's: bounded at the corners of a loss, brought to a mean of 1.

A least weight of a leaf, or a penalty, means nothing beside slope / residual until it is scaled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.core.arrays import Array

CAP, SEEN = 10.0, 1024  # curvature at a corner, in medians of a row's; the rows a median is taken over
INFINITE = 1e20  # above it a row lies on the corner


def cap(bent: Array, weight: Array | None) -> float:
    """Return the largest curvature a row of weight 1 may have."""
    step = max(1, len(bent) // SEEN)
    seen = bent[::step]
    if weight is not None:
        seen = np.divide(seen, weight[::step], out=np.zeros_like(seen), where=weight[::step] > 0.0)
    beside = (seen > 0.0) & (seen < INFINITE)
    return CAP * float(np.median(seen[beside])) if beside.any() else np.inf


def unit(total: Any, rows: int, weight: Array | None) -> Any:
    """Return the factor that brings curvature to a weighted mean of 1: a number, or one per output."""
    weights = rows if weight is None else weight.sum(dtype=np.float64)
    return weights / np.where(total > 0.0, total, 1.0)
