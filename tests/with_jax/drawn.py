"""Every loss, and legal JAX arrays for each."""

from __future__ import annotations

import numpy as np

from every_loss.variants import variants
from lossfn.core.kinds import Pointwise
from semantics.samples import sample

LOSSES = variants()
SMOOTH = [loss for loss in LOSSES if loss.differentiable]
# What compiles for long takes one loss of each class.
ONE = list({type(loss): loss for loss in reversed(SMOOTH)}.values())
N, K = 5, 3


def arrays(loss, rng, dtype=np.float64):
    """Prediction and target as arrays of NumPy: N rows of K numbers."""
    return sample(loss, rng, (N, K) if isinstance(loss, Pointwise) else (N,), dtype, classes=K)
