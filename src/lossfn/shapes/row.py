"""The row shape: the statistics of one row of logits and its label, and how slopes return.

With m the largest logit and w_k = e^(x_k - m), the label's probability is never formed as 1 - p:

    -log p_y = (m - x_y) + log1p(Σ_{k≠y} w_k + (w_y - 1))        both terms >= 0, nothing cancels
    1 - p_y  = Σ_{k≠y} w_k / Σ w_k                               the sum of the *other* probabilities
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Array = npt.NDArray[np.float64]


@dataclass(frozen=True)
class Statistics:
    """What a row formula reads, and what its slopes return through.

    `log_prob, log_sum_exp, mean_log_prob` of shape (rows,), and what rounding took from the first; their first
    derivatives in the logits `of_log_prob, of_sum, of_mean` of shape (rows, classes); `spread` is p(1 - p).
    """

    log_prob: Array
    log_prob_lost: Array | float
    log_sum_exp: Array
    mean_log_prob: Array
    of_log_prob: Array
    of_sum: Array
    of_mean: Array
    spread: Array
    mean_weight: Array


def below(logits: Array, top: Array) -> tuple[Array, Array]:
    """Logits less the largest, and what rounding took from that: else e^(x - top) loses |x - top|/2 ULP."""
    shift = np.where(logits == top, 0.0, logits - top) + np.where(top == -np.inf, np.nan, 0.0)
    return shift, lost_below(shift, logits, top)


def lost_below(out: Array, x: Array, y: Array) -> Array:
    """What rounding took from out = x - y."""
    back = out - x
    lost = (x - (out - back)) - (y + back)
    return np.where(np.isfinite(lost), lost, 0.0)


def log_prob_of(shift: Array, lost: Array, rest: Array) -> tuple[Array, Array]:
    """Logarithm of a probability, shift + lost - rest, and what rounding took from it."""
    rough = shift - rest
    more = lost_below(rough, shift, rest) + lost
    log_prob = rough + more
    return log_prob, (rough - log_prob) + more


def exp_below(shift: Array, lost: Array) -> Array:
    """e^(shift + lost) for a difference from `below`."""
    w = np.exp(shift)
    return np.asarray(w + w * lost)


def statistics(logits: Array, labels: npt.NDArray[np.int64], class_weight: Array | float) -> Statistics:
    """Compute the statistics of rows of logits."""
    rows = np.arange(len(labels))
    top = logits.max(axis=1, keepdims=True)
    shift, lost = below(logits, top)
    w = exp_below(shift, lost)
    own = w[rows, labels]
    w[rows, labels] = 0.0
    others = w.sum(axis=1)
    w[rows, labels] = own
    total = others + own
    p = w / total[:, None]
    of_log_prob = -p
    of_log_prob[rows, labels] = others / total
    rest = np.log1p(others + (own - 1.0))
    finite = logits > -np.inf
    part = np.where(finite, class_weight, 0.0) / logits.shape[1]
    mean_weight = part.sum(axis=1)
    mean_log_prob = np.where(finite, part * shift, 0.0).sum(axis=1) - mean_weight * rest
    log_prob, log_prob_lost = log_prob_of(shift[rows, labels], lost[rows, labels], rest)
    not_p = 1.0 - p
    not_p[rows, labels] = others / total
    return Statistics(
        log_prob=log_prob,
        log_prob_lost=log_prob_lost,
        log_sum_exp=top[:, 0] + rest,
        mean_log_prob=mean_log_prob,
        of_log_prob=of_log_prob,
        of_sum=p,
        of_mean=part - p * mean_weight[:, None],
        spread=p * not_p,
        mean_weight=mean_weight,
    )


def gathered(log_probs: Array, labels: npt.NDArray[np.int64]) -> Statistics:
    """Read the label's entry where the rows hold log-probabilities already: no normaliser, no coupling."""
    rows, none, flat = np.arange(len(labels)), np.zeros_like(log_probs), np.zeros(len(labels))
    hit = none.copy()
    hit[rows, labels] = 1.0
    return Statistics(log_probs[rows, labels], 0.0, flat, flat, hit, none, none, none, flat)


def gradient(s: Statistics, slopes: dict[str, Array]) -> Array:
    """Pull the slopes in the statistics back to the logits: a(1[k=y] - p) + b·p + c(w_k - p·Σw)/K."""
    a, b, c = (slopes[name][:, None] for name in ("log_prob", "log_sum_exp", "mean_log_prob"))
    return a * s.of_log_prob + b * s.of_sum + c * s.of_mean


def hessian(s: Statistics, slopes: dict[str, Array], curvatures: dict[tuple[str, str], Array]) -> Array:
    """Pull second derivatives back to the diagonal: Σ f_ij g_i g_j + Σ f_i g_i', all g' being ∓p(1 - p)."""
    parts = {"log_prob": s.of_log_prob, "log_sum_exp": s.of_sum, "mean_log_prob": s.of_mean}
    total = np.zeros_like(s.spread)
    for (first, second), curvature in curvatures.items():
        total += curvature[:, None] * parts[first] * parts[second]
    bend = slopes["log_sum_exp"] - slopes["log_prob"] - slopes["mean_log_prob"] * s.mean_weight
    return total + bend[:, None] * s.spread
