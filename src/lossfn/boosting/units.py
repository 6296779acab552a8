"""Curvature in units of the target's: bounded at the corners of a loss, brought to a mean of 1.

A least weight of a leaf, or a penalty, means nothing beside slope / residual until it is scaled.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.boosting.curvature import TINY
from lossfn.core.arrays import Array

NEAR, SEEN = 0.5, 1024  # the residual beside a corner, in medians; the rows a median is taken over
INFINITE = 1e20  # a curvature above it is that of a corner


def nearest(score: Array, target: Array, weight: Array | None) -> float:
    """Return the residual that all nearer ones count as."""
    step = max(1, len(score) // SEEN)
    size = abs(np.float64(score[::step]) - target[::step])
    seen = size[(size > 0.0) if weight is None else (size > 0.0) & (weight[::step] > 0.0)]
    return NEAR * float(np.median(seen)) if seen.size else TINY


def unit(total: Any, rows: int, weight: Array | None) -> Any:
    """Return the factor that brings curvature to a weighted mean of 1: a number, or one per output."""
    weights = rows if weight is None else weight.sum(dtype=np.float64)
    return weights / np.where(total > 0.0, total, 1.0)
