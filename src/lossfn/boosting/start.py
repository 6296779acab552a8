"""The constant score of least loss: where an engine's own objectives begin, and a custom one should."""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.boosting.raw import RawPointwise, RawRow
from lossfn.core.arrays import Array
from lossfn.core.errors import ShapeError, TargetError, WeightError, say

WIDE = np.concatenate([-np.geomspace(1e-3, 30, 24)[::-1], [0.0], np.geomspace(1e-3, 30, 24)])
HALVINGS, ROUNDS, SWEEPS = 100, 2000, 3


def checked(target: Any, weight: Any) -> tuple[Array, Array | None]:
    """Return labels and weights as float32, in which the engines keep them, of the rows that have a weight."""
    label = np.asarray(target, np.float32)
    label = label[:, 0] if label.ndim == 2 and label.shape[1] == 1 else label
    if label.ndim != 1 or not label.size:
        raise ShapeError(say("label", expected="shape (rows,) with at least one row", got=f"shape {label.shape}"))
    weight = None if weight is None else np.asarray(weight, np.float32)
    if weight is not None and weight.shape != label.shape:
        raise ShapeError(say("sample_weight", expected=f"shape {label.shape}", got=f"shape {weight.shape}"))
    counted = np.ones(label.shape, bool) if weight is None else weight != 0.0
    some_weight(counted)
    wrong = counted & ~np.isfinite(label)
    if wrong.any():
        row = np.argmax(wrong)
        raise TargetError(say("label", expected="finite numbers", got=f"{label[row]} at row {row}"))
    return label[counted], None if weight is None else weight[counted]


def some_weight(weight: Any) -> None:
    """Raise if no row has a weight."""
    if not np.any(weight):
        raise WeightError(say("sample_weight", expected="a weight above 0", got="only zeros"))


def start(loss: RawPointwise | RawRow, target: Array, weight: Any) -> float | list[float]:
    """Return the constant score of least loss: a float, or a list with one per output."""
    if isinstance(loss, RawRow):
        return _of_classes(loss, target, weight)
    outputs = len(loss.predictions)
    scores = np.zeros(outputs)
    for _ in range(SWEEPS if outputs > 1 else 1):
        for place in range(outputs):
            scores[place] = _best(loss, scores, place, target, weight)
    return [float(score) for score in _polished(loss, scores, target, weight)] if outputs > 1 else float(scores[0])


def _polished(loss: RawPointwise, scores: Array, target: Array, weight: Any) -> Array:
    # One score at a time creeps along a valley between two of them.
    from scipy.optimize import minimize  # all three engines bring it along

    def ask(at: Array) -> tuple[float, Array]:
        given = tuple(np.full(target.shape, score) for score in at)
        value, slopes = loss.value_and_grad(given, target, sample_weight=weight, reduction="mean")
        return float(value), np.array([float(slope.sum()) for slope in slopes])

    found = minimize(ask, scores, jac=True, method="L-BFGS-B", options={"ftol": 1e-15, "gtol": 1e-10})
    return np.asarray(found.x if found.fun <= ask(scores)[0] else scores)


def _best(loss: RawPointwise, scores: Array, place: int, target: Array, weight: Any) -> float:
    # The best of a coarse grid, then the sign of the mean gradient halves the cell around it: kinks do no harm.
    quantiles = np.quantile(target.astype(np.float64), np.linspace(0, 1, 33))
    grid = np.unique(np.concatenate([WIDE, quantiles]))

    def ask(x: float) -> tuple[float, float]:
        given = [np.full(target.shape, x if i == place else at) for i, at in enumerate(scores)]
        value, slope = loss.value_and_grad(
            tuple(given) if len(given) > 1 else given[0], target, sample_weight=weight, reduction="sum"
        )
        return float(value), float(np.sum(slope[place] if len(given) > 1 else slope))

    with np.errstate(all="ignore"):
        values = np.array([ask(x)[0] for x in grid])
    best = int(np.nanargmin(np.where(np.isfinite(values), values, np.inf)))
    low, high = grid[max(best - 1, 0)], grid[min(best + 1, len(grid) - 1)]
    for _ in range(HALVINGS):
        middle = 0.5 * (low + high)
        slope = ask(middle)[1]
        if slope == 0.0 or middle in (low, high):
            break
        low, high = (middle, high) if slope < 0.0 else (low, middle)
    return float(0.5 * (low + high))


def _of_classes(loss: RawRow, target: Array, weight: Any) -> list[float]:
    # One row per class, weighted by how often it occurs: the search costs nothing whatever the number of rows.
    counts = _counts(loss, target, weight)
    labels = np.arange(len(counts))
    scores = np.log(np.maximum(counts, 1e-9 * counts.sum()) / counts.sum())
    for _ in range(ROUNDS):
        gradient, bent = loss.grad_and_hess(np.tile(scores, (len(labels), 1)), labels, sample_weight=counts)
        step = gradient.sum(axis=0) / np.maximum(2.0 * bent.sum(axis=0), 1e-12 * counts.sum())
        scores -= np.clip(step, -1.0, 1.0)  # where a share is small, so is its curvature
        if abs(step).max() < 1e-13:
            break
    return [float(score) for score in scores - scores.mean()]


def _counts(loss: RawRow, target: Array, weight: Any) -> Array:
    seen = np.broadcast_to(target != loss.ignore_index, target.shape)
    label = target[seen]
    below = seen & (target < 0)
    if below.any():
        got = f"{target[below][0]} at row {np.argmax(below)}"
        raise TargetError(say("label", expected="class numbers 0, 1, 2, ...", got=got))
    if not label.any():
        raise TargetError(say("label", expected="class numbers of two classes or more", got="one class at most"))
    counts: Array = np.bincount(label, None if weight is None else weight[seen])
    some_weight(counts)
    return counts
