"""The distribution shape: a formula of log q and the target per class, summed over each row.

With s_k the slope of the k-th share in log q_k, softmax returns  s_k - q_k·Σs  to the logits.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from lossfn.shapes.row import below, exp_below, log_prob_of

Array = npt.NDArray[np.float64]


def log_softmax(logits: Array) -> Array:
    """Log-probabilities of rows of logits."""
    return softmax(logits)[0]


def softmax(logits: Array) -> tuple[Array, Array, Array]:
    """Log-probabilities, probabilities, and what rounding took from the former.

    The largest logit stays out of the sum: -log1p(rest) keeps its digits.
    """
    top = logits.max(axis=1, keepdims=True)
    at_top = logits == top
    shift, lost = below(logits, top)
    w = exp_below(shift, lost)
    rest = np.where(at_top, 0.0, w).sum(axis=1, keepdims=True) + (at_top.sum(axis=1, keepdims=True) - 1)
    log_q, log_q_lost = log_prob_of(shift, lost, np.log1p(rest))
    return log_q, np.asarray(w / (1.0 + rest)), log_q_lost


def gradient(q: Array, slopes: Array) -> Array:
    """Pull the shares' slopes back to the logits."""
    return np.asarray(slopes - q * slopes.sum(axis=1, keepdims=True))


def hessian(q: Array, log_q: Array, slopes: Array, curvatures: Array) -> Array:
    """Pull back to the diagonal: s'(1 - 2q) + q²·Σs' - q(1 - q)·Σs."""
    bent, pulled = curvatures.sum(axis=1, keepdims=True), slopes.sum(axis=1, keepdims=True)
    return np.asarray(curvatures * (1.0 - 2.0 * q) + q * q * bent - q * (-np.expm1(log_q)) * pulled)
