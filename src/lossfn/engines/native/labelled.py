"""Losses of logits and labels on the row templates."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Row
from lossfn.core.loss import Loss
from lossfn.core.program import trace
from lossfn.engines.native import long_rows, machine, short_rows
from lossfn.engines.native.builtin import builtin
from lossfn.engines.native.drive import Arrays, drive
from lossfn.engines.native.elements import Pass, numbers
from lossfn.engines.native.rows import RowPlan


@lru_cache(maxsize=1024)
def kernel(template: ModuleType, plan: RowPlan) -> Any:
    """Compile a pass, or fetch it from disk."""
    target = machine.machine()
    return machine.function(template.build(plan, target.fma, target.data), plan.arrays, 3)


def ready(loss: Row, template: ModuleType, dtype: np.dtype[Any], weighted: bool, ask: Ask) -> Pass:
    """Return the pass over logits of that dtype."""
    key = (template.__name__, ask.order, ask.keep, dtype, weighted)
    if key not in loss.memo:
        settings = numbers(loss)
        tables = tuple(name for name in loss.settings() if name not in settings)
        plan = RowPlan(
            program=trace(loss),
            settings=tuple(settings),
            tables=tables,
            class_weight=next((name for name in tables if name.endswith("class_weight")), None),
            dtype=dtype.name,
            weighted=weighted,
            order=ask.order,
            keep=dtype.name if ask.keep else None,
            long=dtype == np.float64,
        )
        loss.memo[key] = Pass(kernel(template, plan), np.array([*settings.values()]))
    found: Pass = loss.memo[key]
    return found


def run(loss: Row, batch: Batch, ask: Ask) -> Answer:
    """Run a loss of logits and labels on a batch."""
    scores = batch.predictions[0]
    template = _template(scores.shape[1])
    slopes, bends = batch.outputs(ask)
    arrays = Arrays(
        wide=[scores],
        dtypes=[batch.dtype],
        narrow=[batch.target, *(() if batch.weight is None else (batch.weight,))],
        tables=per_class(loss, scores.shape[1]),
        terms=[np.empty(len(scores), batch.dtype)] if ask.keep else [],
        outs=[*slopes, *bends],
    )
    total = drive(template, ready(loss, template, batch.dtype, batch.weight is not None, ask), arrays, ask)
    return Answer(total, arrays.terms[0] if ask.keep else None, slopes, bends)


def plain_pass(loss: Row, ask: Ask, dtype: np.dtype[Any], classes: int) -> Callable[..., float]:
    """Return run(rows, scale, logits, labels, gradient?, hessian?) -> total for a block; NaN where a row is ignored."""
    template, ignored = _template(classes), loss.ignore_index
    function, fixed = ready(loss, template, dtype, False, ask)
    length = template.scratch(classes, ask.order)
    call = builtin(function, [*[None] * (2 + ask.order), fixed, None, np.empty(1)], [classes, 0])

    def run(rows: int, scale: float, scores: Array, labels: Array, *out: Array) -> float:
        if rows > template.BLOCK or (ignored is not None and np.count_nonzero(labels == ignored)):
            return math.nan
        return call(rows, scale, scores, labels, *out, np.empty(length))

    return run


def _template(classes: int) -> ModuleType:
    return short_rows if classes <= short_rows.MOST else long_rows


def per_class(loss: Loss, classes: int) -> list[Array]:
    """Return the hyperparameters that are arrays, one number per class."""
    return [np.ascontiguousarray(np.broadcast_to(v, classes)) for v in loss.settings().values() if np.ndim(v)]
