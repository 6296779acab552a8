"""Which template serves a loss."""

from __future__ import annotations

from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss
from lossfn.engines import reference
from lossfn.engines.native import elements


def run(loss: Loss, batch: Batch, ask: Ask) -> Answer:
    """Run a loss on a batch."""
    if isinstance(loss, Pointwise):
        return elements.run(loss, batch, ask)
    return reference.run(loss, batch, ask)
