"""Calls whose sum or mean is rounded once: float64 terms, added without rounding."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core import logits
from lossfn.core.batch import Batch
from lossfn.core.calls import explain_nan, known, prepared
from lossfn.core.dispatch import Answer, Ask, engine
from lossfn.core.errors import OptionError, say
from lossfn.core.exact import ExactSum, exact_sum
from lossfn.core.frameworks import elsewhere
from lossfn.core.reduction import LossSum, in_dtype

if TYPE_CHECKING:
    from lossfn.core.loss import Loss

# Numbers of a batch whose terms are added before the next are computed.
PART = 1 << 18


def value(
    loss: Loss, prediction: Any, target: Any, sample_weight: Any, reduction: str, axis: int, empty: str, check: bool
) -> Any:
    """Answer a plain call."""
    loss, batch = _prepared(loss, prediction, target, sample_weight, axis)
    found = _added(loss, batch, check)
    return in_dtype(float(found.total) if known(reduction) == "sum" else found.mean(empty), batch.dtype)


def accumulate(loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool) -> LossSum:
    """Answer `accumulate` with sums that remember what rounding took from them."""
    return _added(*_prepared(loss, prediction, target, sample_weight, axis), check)


def _prepared(loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int) -> tuple[Loss, Batch]:
    if elsewhere("accumulate", prediction, target, sample_weight) is not None:
        got = f"exact=True with {type(prediction).__name__} and {type(target).__name__}"
        raise OptionError(say("exact", expected="NumPy arrays", got=got, fix="numpy.asarray(prediction)"))
    return prepared(loss, prediction, target, sample_weight, axis)


def _added(loss: Loss, batch: Batch, check: bool) -> LossSum:
    if check:
        logits.look(loss, batch.predictions[0], batch.axis != 0)
    total, ask = ExactSum(), Ask(0, (), 1.0, True, check)
    # A table per column of a flat batch is as long as the batch.
    whole = batch.axis == 0 and batch.target.ndim < 2 and any(map(np.ndim, loss.settings().values()))
    for part in batch.wide_parts(batch.terms if whole else PART):
        answer: Answer = engine().run(loss, part, ask)
        if math.isnan(answer.total) and check:
            explain_nan(loss, batch)
        total += ExactSum() if answer.terms is None else exact_sum(answer.terms)
    denominator = batch.denominator if batch.divisor is None else exact_sum(batch.divisor)
    return LossSum(total, denominator, batch.count)
