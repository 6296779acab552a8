"""Gradient and curvature in one pass over memory, which also tells whether a tree could learn from them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lossfn.boosting.raw import RawPointwise
from lossfn.boosting.room import Room
from lossfn.boosting.sound import tabular
from lossfn.core import calls, shortcut
from lossfn.core.arrays import Array
from lossfn.core.dispatch import Answer, Ask


def learned(
    loss: RawPointwise, score: Array, target: Array, weight: Array | None, kept_as: Any, room: Room
) -> tuple[Array, Array, float]:
    """Return gradient and curvature in a dtype, and the total that `Ask.sound` describes."""
    if len(loss.predictions) > 1:
        tabular(score, len(loss.predictions))
        columns = tuple(np.ascontiguousarray(column) for column in score.T)
        answer = _in_full(loss, columns, target, weight, room.arrays(2 * len(columns), target.shape, kept_as))
        return np.stack(answer.gradient, axis=1), np.stack(answer.hessian, axis=1), answer.total
    gradient, bent = room.arrays(2, score.shape, kept_as)
    run = None if weight is not None else shortcut.sound_pass(loss, score, target, gradient)
    total = run(score.size, 1.0, score, target, gradient, bent) if run else math.nan
    if total != total:
        total = _in_full(loss, score, target, weight, (gradient, bent)).total
    return gradient, bent, total


def _in_full(loss: RawPointwise, given: Any, target: Array, weight: Array | None, out: tuple[Array, ...]) -> Answer:
    served, batch = calls.prepared(loss, given, target, weight, -1)
    names = tuple(loss.predictions)
    return calls.run(served, batch, Ask(2, names, 1.0, False, True, out, tuple((n, n) for n in names), sound=True))
