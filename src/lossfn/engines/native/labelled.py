"""Running the row templates: rows to blocks, blocks to threads."""

from __future__ import annotations

from functools import lru_cache
from types import ModuleType
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Row
from lossfn.core.program import trace
from lossfn.engines.native import long_rows, machine, pool, short_rows
from lossfn.engines.native.elements import Pass, in_place, joined, numbers
from lossfn.engines.native.rows import RowPlan

# Logits that no vector load can read in place pass through buffers of about this many elements.
CHUNK = 1 << 16


@lru_cache(maxsize=1024)
def kernel(template: ModuleType, plan: RowPlan) -> Any:
    """Compile a pass, or fetch it from disk."""
    target = machine.machine()
    return machine.function(template.build(plan, target.fma, target.data), plan.arrays, 3)


def ready(loss: Row, template: ModuleType, batch: Batch, ask: Ask) -> Pass:
    """Return the pass over logits of the batch's dtype."""
    key = (template.__name__, ask.order, ask.keep, batch.dtype, batch.weight is None)
    if key not in loss.memo:
        settings = numbers(loss)
        tables = tuple(name for name in loss.settings() if name not in settings)
        plan = RowPlan(
            program=trace(loss),
            settings=tuple(settings),
            tables=tables,
            class_weight=next((name for name in tables if name.endswith("class_weight")), None),
            dtype=batch.dtype.name,
            weighted=batch.weight is not None,
            order=ask.order,
            keep=batch.dtype.name if ask.keep else None,
            long=batch.dtype == np.float64,
        )
        loss.memo[key] = Pass(kernel(template, plan), np.array([*settings.values()]))
    found: Pass = loss.memo[key]
    return found


def run(loss: Row, batch: Batch, ask: Ask) -> Answer:
    """Run a loss of logits and labels on a batch."""
    scores = batch.predictions[0]
    rows, classes = scores.shape
    template = short_rows if classes <= short_rows.MOST else long_rows
    function, fixed = ready(loss, template, batch, ask)
    outs = list(ask.out or (np.empty(scores.shape, batch.dtype) for _ in range(ask.order)))
    terms = [np.empty(rows, batch.dtype)] if ask.keep else []
    tables = [np.ascontiguousarray(np.broadcast_to(v, classes)) for v in loss.settings().values() if np.ndim(v)]
    beside = [batch.target, *(() if batch.weight is None else (batch.weight,))]
    sums = np.zeros(-(-rows // template.BLOCK))

    def work(start: int, stop: int) -> None:
        scratch = np.empty(template.scratch(classes, ask.order))
        for begin, end, logits, outputs in _in_reach(scores, outs, batch.dtype, start, stop, template.BLOCK):
            own = [a[begin:end] for a in (*beside, *terms)]
            first, last = own[: len(beside)], own[len(beside) :]
            into = sums[begin // template.BLOCK :]
            arrays = (logits, *first, *tables, *last, *outputs, fixed, scratch, into)
            function(*arrays, classes, 0, end - begin, ask.scale)

    pool.share(work, rows, template.BLOCK, scores.size)
    return Answer(joined(sums), terms[0] if terms else None, tuple(outs[:1]), tuple(outs[1:]))


def _in_reach(scores: Array, outs: list[Array], dtype: np.dtype[Any], start: int, stop: int, block: int) -> Any:
    """Yield ranges of rows with logits and outputs that lie as a kernel reads them."""
    if in_place(scores, dtype) and all(out.flags.c_contiguous for out in outs):
        yield start, stop, scores[start:stop], [out[start:stop] for out in outs]
        return
    step = max(1, CHUNK // (scores.shape[1] * block)) * block
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        outputs = [np.empty((end - begin, scores.shape[1]), dtype) for _ in outs]
        yield begin, end, np.ascontiguousarray(scores[begin:end], dtype=dtype), outputs
        for out, filled in zip(outs, outputs, strict=True):
            out[begin:end] = filled
