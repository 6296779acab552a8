"""All second derivatives of one row of class scores: what CatBoost solves for the values of a leaf."""

from __future__ import annotations

from itertools import product

import numpy as np

from lossfn.boosting.raw import RawRow
from lossfn.core.arrays import Array
from lossfn.core.graph import evaluate
from lossfn.core.program import trace
from lossfn.engines.reference import M
from lossfn.shapes.row import statistics


def matrix(loss: RawRow, scores: Array, label: int) -> Array:
    """Return the hessian of one row's loss, shape (classes, classes).

    Σ f_ij u_i u_jᵀ + (f_Z - f_L - f_M·Σw/K)(diag p - p pᵀ), the u being the gradients of the row's statistics: L the
    log-probability of the label, Z the log-sum-exp, M the mean log-probability.
    """
    if label == loss.ignore_index:
        return np.zeros((scores.size, scores.size))
    s = statistics(scores[None], np.array([label]), 1.0 if loss.class_weight is None else loss.class_weight)
    program, names = trace(loss), tuple(loss.inputs)
    of_label = {name: value[label] if np.ndim(value) else value for name, value in loss.settings().items()}
    roots = [program.slopes(name) for name in names] + [program.curvatures(*pair) for pair in product(names, names)]
    found = evaluate(roots, M, {name: getattr(s, name)[0] for name in names} | of_label)
    towards = np.stack([s.of_log_prob[0], s.of_sum[0], s.of_mean[0]])
    spread = -np.outer(s.of_sum[0], s.of_sum[0])
    np.fill_diagonal(spread, s.spread[0])
    bend = found[1] - found[0] - found[2] * s.mean_weight[0]
    return np.asarray(towards.T @ np.reshape(found[3:], (3, 3)) @ towards + bend * spread)
