"""Losses of log-probabilities and labels: the label's entry is gathered, and the rest of a row has no slope."""

from __future__ import annotations

from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Row
from lossfn.core.program import trace
from lossfn.engines.native.elements import Pass, kernel, numbers, sweep
from lossfn.engines.native.pointwise import Plan
from lossfn.engines.native.rows import STATISTICS

# What a row of log-probabilities has no use for reads as 0.
ABSENT = STATISTICS[1:]


def ready(loss: Row, batch: Batch, ask: Ask) -> Pass:
    """Return the pass over gathered log-probabilities."""
    key = ("gathered", ask.order, ask.keep, batch.dtype, batch.weight is None)
    if key not in loss.memo:
        settings = numbers(loss)
        tables = tuple((name, "float64") for name in loss.settings() if name not in settings)
        plan = Plan(
            program=trace(loss),
            settings=(*settings, *ABSENT),
            inputs=(("log_prob", batch.dtype.name), *tables),
            weighted=batch.weight is not None,
            order=ask.order,
            wrt=("log_prob",),
            pairs=(("log_prob", "log_prob"),) * (ask.order > 1),
            keep=batch.dtype.name if ask.keep else None,
            outputs=(batch.dtype.name,) * ask.order,
            check=False,
            sound=False,
            long=batch.dtype == np.float64,
        )
        loss.memo[key] = Pass(kernel(plan), np.array([*settings.values(), *(0.0 for _ in ABSENT)]))
    found: Pass = loss.memo[key]
    return found


def run(loss: Row, batch: Batch, ask: Ask) -> Answer:
    """Run a loss of log-probabilities and labels on a batch."""
    scores, labels, weight = batch.predictions[0], batch.target, batch.weight
    rows, legal = np.arange(len(labels)), (labels >= 0) & (labels < scores.shape[1])
    safe = np.where(legal, labels, 0)
    own = np.ascontiguousarray(scores[rows, safe], dtype=batch.dtype)
    tables = [np.broadcast_to(v, scores.shape[1])[safe] for v in loss.settings().values() if np.ndim(v)]
    read = (own, *tables, *(() if weight is None else (weight,)))
    terms = [np.empty(len(own), batch.dtype)] if ask.keep else []
    slopes = [np.empty_like(own) for _ in range(ask.order)]
    total = sweep(ready(loss, batch, ask), read, tuple(a.dtype for a in read), (*terms, *slopes), ask.scale, len(own))
    outs = [
        _spread(scores, batch, rows, safe, slope, ask.out if not place else None) for place, slope in enumerate(slopes)
    ]
    counted = ~legal if weight is None else ~legal & (weight != 0)
    if terms:
        terms[0][counted] = np.nan
    return Answer(np.nan if counted.any() else total, terms[0] if terms else None, tuple(outs[:1]), tuple(outs[1:]))


def _spread(scores: Array, batch: Batch, rows: Array, labels: Array, slope: Array, out: Any) -> Array:
    full: Array = out[0] if out else np.empty(scores.shape, batch.dtype)
    full[...] = 0
    full[rows, labels] = slope
    return full
