"""Losses of rows and target distributions on the distribution template."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lossfn.core.arrays import native_float
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Distribution
from lossfn.core.program import trace
from lossfn.engines.native import machine, spreads
from lossfn.engines.native.drive import Arrays, drive
from lossfn.engines.native.elements import Pass, numbers
from lossfn.engines.native.labelled import per_class
from lossfn.engines.native.spreads import SpreadPlan


@lru_cache(maxsize=1024)
def kernel(plan: SpreadPlan) -> Any:
    """Compile a pass, or fetch it from disk."""
    target = machine.machine()
    return machine.function(spreads.build(plan, target.fma, target.data), plan.arrays, 3)


def ready(loss: Distribution, batch: Batch, ask: Ask, dtypes: tuple[str, str], output: str) -> Pass:
    """Return the pass over rows and targets of these dtypes."""
    key = ("spread", *ask[:2], *ask[3:5], dtypes, output, batch.dtype, batch.weight is None)
    if key not in loss.memo:
        settings = numbers(loss)
        plan = SpreadPlan(
            program=trace(loss),
            settings=tuple(settings),
            tables=tuple(name for name in loss.settings() if name not in settings),
            dtypes=dtypes,
            weighted=batch.weight is not None,
            order=ask.order,
            wrt="target" if ask.wrt == ("target",) else "log_prob",
            keep=batch.dtype.name if ask.keep else None,
            output=output,
            coupled=loss.takes == "logits",
            check=ask.check,
            long=batch.dtype == np.float64,
        )
        loss.memo[key] = Pass(kernel(plan), np.array([*settings.values()]))
    found: Pass = loss.memo[key]
    return found


def run(loss: Distribution, batch: Batch, ask: Ask) -> Answer:
    """Run a loss of rows and target distributions on a batch."""
    wide = (batch.predictions[0], batch.target)
    dtypes = [native_float(a.dtype) or batch.dtype for a in wide]
    slopes, bends = batch.outputs(ask)
    arrays = Arrays(
        wide=wide,
        dtypes=dtypes,
        narrow=[] if batch.weight is None else [batch.weight],
        tables=per_class(loss, wide[0].shape[1]),
        terms=[np.empty(len(wide[0]), batch.dtype)] if ask.keep else [],
        outs=[*slopes, *bends],
    )
    names = (dtypes[0].name, dtypes[1].name)
    output = slopes[0].dtype.name if slopes else dtypes[0].name
    total = drive(spreads, ready(loss, batch, ask, names, output), arrays, ask)
    return Answer(total, arrays.terms[0] if ask.keep else None, slopes, bends)
