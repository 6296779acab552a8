"""Which template serves a loss; those over classes are loaded when first needed."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.engines.native import elements
from lossfn.engines.native.builtin import builtin
from lossfn.engines.native.machine import machine


def run(loss: Loss, batch: Batch, ask: Ask) -> Answer:
    """Run a loss on a batch; NumPy does it where the processor cannot convert what it holds."""
    if not machine().halves and any(array.dtype == np.float16 for array in (*batch.predictions, batch.target)):
        slow: Answer = import_module("lossfn.engines.reference").run(loss, batch, ask)
        return slow
    if isinstance(loss, Pointwise):
        return elements.run(loss, batch, ask)
    of_labels = "labelled" if getattr(loss, "takes", "") == "logits" else "gathered"
    answer: Answer = _over_classes(of_labels if isinstance(loss, Row) else "targets").run(loss, batch, ask)
    return answer


@lru_cache(maxsize=3)
def _over_classes(name: str) -> Any:
    return import_module(f"lossfn.engines.native.{name}")


def plain_pass(loss: Loss, ask: Ask, dtypes: tuple[np.dtype[Any], ...], classes: int) -> Callable[..., float] | None:
    """Return run(terms, scale, prediction, target, gradient?, hessian?) -> total for one block of a plain loss."""
    if any(map(np.ndim, loss.settings().values())) or (np.float16 in dtypes and not machine().halves):
        return None
    if classes:
        weighed = getattr(loss, "class_weight", None) is not None  # even one number: a mean divides by it
        labelled = isinstance(loss, Row) and loss.takes == "logits" and dtypes[1] == np.int64 and not weighed
        return _over_classes("labelled").plain_pass(loss, ask, dtypes[0], classes) if labelled else None
    if not isinstance(loss, Pointwise) or len(loss.predictions) > 1:
        return None
    out = ask.out[0].dtype if ask.out else dtypes[0]
    function, fixed = elements.ready(loss, ask, dtypes, (out,) * ask.order)
    unread = np.zeros(1)
    return builtin(function, [*[None] * (2 + ask.order), fixed, unread], [0])
