"""The table of a comparison."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np

from lossfn.explanation.tables import Cells
from lossfn.explanation.text import call

if TYPE_CHECKING:
    from lossfn.comparison.compare import Comparison


def cells(found: Comparison) -> Cells:
    """Return one row a training: what it was trained under, what it costs by each measure, how long it took."""
    best = np.nanmin(np.where(np.isnan(found.values), np.inf, found.values), axis=0)
    body = [
        (call(loss), *(_figure(value, low) for value, low in zip(row, best, strict=True)), f"{seconds:.2f}")
        for loss, row, seconds in zip(found.losses, found.values, found.seconds, strict=True)
    ]
    return [("trained under", *found.measures, "seconds"), *body]


def _figure(value: float, best: float) -> str:
    return "–" if math.isnan(value) else f"{value:.4g}" + "*" * bool(value == best)
