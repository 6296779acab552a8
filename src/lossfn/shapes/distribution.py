"""The distribution shape: a formula of log q and the target per class, summed over each row.

With s_k the slope of the k-th share in log q_k, softmax returns  s_k - q_k·Σs  to the logits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


def log_softmax(logits: Array) -> Array:
    """Log-probabilities; the largest logit is left out of the sum, so that -log1p(rest) keeps its digits."""
    top = logits.max(axis=1, keepdims=True)
    at_top = logits == top
    shift = np.where(at_top, 0.0, logits - top) + np.where(top == -np.inf, np.nan, 0.0)
    rest = np.where(at_top, 0.0, np.exp(shift)).sum(axis=1) + (at_top.sum(axis=1) - 1)
    return np.asarray(shift - np.log1p(rest)[:, None])


def gradient(log_q: Array, slopes: Array) -> Array:
    """Pull the shares' slopes back to the logits."""
    return np.asarray(slopes - np.exp(log_q) * slopes.sum(axis=1, keepdims=True))


def hessian(log_q: Array, slopes: Array, curvatures: Array) -> Array:
    """Pull back to the diagonal: s'(1 - 2q) + q²·Σs' - q(1 - q)·Σs."""
    q = np.exp(log_q)
    bent, pulled = curvatures.sum(axis=1, keepdims=True), slopes.sum(axis=1, keepdims=True)
    return np.asarray(curvatures * (1.0 - 2.0 * q) + q * q * bent - q * (-np.expm1(log_q)) * pulled)
