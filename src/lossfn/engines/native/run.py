"""Which template serves a loss."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.engines import reference
from lossfn.engines.native import elements, gathered, labelled, targets


def run(loss: Loss, batch: Batch, ask: Ask) -> Answer:
    """Run a loss on a batch."""
    if isinstance(loss, Pointwise):
        return elements.run(loss, batch, ask)
    if isinstance(loss, Row):
        return labelled.run(loss, batch, ask) if loss.takes == "logits" else gathered.run(loss, batch, ask)
    if isinstance(loss, Distribution):
        return targets.run(loss, batch, ask)
    return reference.run(loss, batch, ask)


def plain_pass(loss: Loss, ask: Ask, *dtypes: np.dtype[Any]) -> Callable[..., float] | None:
    """Return run(size, scale, prediction, target, gradient?) -> total for one block of a plain pointwise loss."""
    if not isinstance(loss, Pointwise) or len(loss.predictions) > 1 or any(map(np.ndim, loss.settings().values())):
        return None
    function, fixed = elements.ready(loss, ask, dtypes, dtypes[: ask.order])
    unread = np.zeros(1)
    return lambda size, scale, *arrays: function(*arrays, fixed, unread, 0, size, scale)
