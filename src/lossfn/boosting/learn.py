"""Gradient and curvature in one pass over memory, which also tells whether a tree could learn from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lossfn.boosting.raw import RawPointwise
from lossfn.core import calls, shortcut
from lossfn.core.arrays import Array
from lossfn.core.dispatch import Ask


def learned(
    loss: RawPointwise, score: Array, target: Array, weight: Array | None, kept_as: Any
) -> tuple[Array, Array, float]:
    """Return gradient and curvature in a dtype, and the total that `Ask.sound` describes."""
    several = len(loss.predictions) > 1
    if weight is None and not several:
        gradient, bent = np.empty(score.shape, kept_as), np.empty(score.shape, kept_as)
        run = shortcut.sound_pass(loss, score, target, gradient)
        total = run(score.size, 1.0, score, target, gradient, bent) if run else math.nan
        if total == total:
            return gradient, bent, total
    columns = tuple(np.ascontiguousarray(column) for column in score.T) if several else score
    slopes, bents, total = _in_full(loss, columns, target, weight, kept_as)
    return (np.stack(slopes, axis=1), np.stack(bents, axis=1), total) if several else (slopes[0], bents[0], total)


def _in_full(loss: RawPointwise, given: Any, target: Array, weight: Array | None, kept_as: Any) -> Any:
    served, batch = calls.prepared(loss, given, target, weight, -1)
    names = tuple(loss.predictions)
    out = tuple(np.empty(batch.shape, kept_as) for _ in names)
    answer = calls.run(served, batch, Ask(2, names, 1.0, False, True, out, tuple((n, n) for n in names), sound=True))
    return answer.gradient, answer.hessian, answer.total
