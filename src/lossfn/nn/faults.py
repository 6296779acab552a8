"""Where a training went wrong: the batch, the row, and what was not finite in it."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.core.errors import LossfnError, say
from lossfn.nn.layers import Array

SHORTER = "a smaller learning_rate, or clip_norm=1.0"


def require_finite(value: float, place: str) -> None:
    """Refuse a NaN or infinity where no row can be named."""
    if not math.isfinite(value):
        cause = "steps too long, or a NaN among the targets"
        raise LossfnError(say("loss", expected="a finite number", got=f"{value} in {place}", cause=cause, fix=SHORTER))


def bad_batch(
    value: float, place: str, rows: NDArray[np.intp], prediction: Array, target: Any, each: Callable[[slice], float]
) -> LossfnError:
    """Return the error of a batch: `rows` are its places in the data, `each` is the loss of a part of it."""
    for k, row in enumerate(rows):
        found = each(slice(k, k + 1))
        if not math.isfinite(found):
            return LossfnError(_said(value, place, f"row {row}", prediction[k], target[k], found))
    return LossfnError(_said(value, place, "the sum over the rows", prediction, target, value))


def _said(value: float, place: str, where: str, prediction: Any, target: Any, found: float) -> str:
    got = f"{value} in {place}. First bad: {where}, loss {found}"
    if not np.isfinite(target).all():
        cause, fix = f"the target of {where} is not finite", "rows with NaN left out"
    elif not np.isfinite(prediction).all():
        cause, fix = f"the output of {where} is not finite: steps too long", SHORTER
    else:
        cause, fix = f"the output of {where} is so far off that its loss overflows: steps too long", SHORTER
    return say("loss", expected="a finite number", got=got, cause=cause, fix=fix)
