"""One pass over the data: forward, loss, backward, step; and the same without learning."""

from __future__ import annotations

import math
from dataclasses import InitVar, dataclass, field
from typing import Any, Protocol

import numpy as np

from lossfn.core.calls import accumulate_and_grad
from lossfn.core.errors import LossfnError, say
from lossfn.core.loss import Loss as OfLibrary
from lossfn.nn.history import Tally
from lossfn.nn.layers import Array
from lossfn.nn.model import Sequential
from lossfn.nn.optim import Optimizer, State
from lossfn.nn.rows import Rows
from lossfn.nn.tasks import Task

ROWS_AT_ONCE = 4096  # bounds the memory of a measurement


class Loss(Protocol):
    """What training asks of a loss; every loss of the library has it."""

    def value_and_grad(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> tuple[Any, Any]:
        """Return the mean and its gradient in the prediction."""

    def accumulate(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> Any:
        """Return a sum with its denominator: addable, with `mean()`."""


@dataclass
class Lesson:
    """A training in progress: what is trained and how, the optimizer's state, the order of the rows."""

    model: Sequential
    loss: Loss
    optimizer: Optimizer
    task: Task
    batch_size: int
    seed: InitVar[int]
    state: State = field(init=False)
    generator: np.random.Generator = field(init=False)

    def __post_init__(self, seed: int) -> None:
        self.state = self.optimizer.start(self.model.parameters)
        self.generator = np.random.default_rng(seed)

    def epoch(self, number: int, rows: Rows, held_out: Rows | None) -> dict[str, float]:
        """Learn from all rows once, in random order; return the figures of the epoch."""
        tally = Tally()
        for batch_number, batch in enumerate(rows.batches(self.batch_size, self.generator), start=1):
            self._step(batch, tally, f"epoch {number}, batch {batch_number}")
        figures = tally.means("train_", self.task.metric)
        if held_out is not None:
            figures |= measure(self.model, self.loss, self.task, held_out, "valid_")
            _require_finite(figures["valid_loss"], f"epoch {number}, validation")
        return figures

    def _step(self, batch: Rows, tally: Tally, place: str) -> None:
        output = self.model.forward(batch.x, training=True)
        prediction = self.task.prediction(output, batch.y)
        losses, gradient = _learned(self.loss, prediction, batch)
        _require_finite(losses.mean(), place)
        self.model.fill(gradient.reshape(output.shape))
        self.optimizer.step(self.model.parameters, self.model.gradients, self.state)
        tally.add(losses, self.task.score(prediction, batch.y), batch.y.size)


def measure(model: Sequential, loss: Loss, task: Task, rows: Rows, prefix: str) -> dict[str, float]:
    """Return the mean loss and the metric over `rows`, their names prefixed."""
    tally = Tally()
    for batch in rows.batches(ROWS_AT_ONCE):
        prediction = task.prediction(model.predict(batch.x), batch.y)
        losses = loss.accumulate(prediction, batch.y, sample_weight=batch.weight)
        tally.add(losses, task.score(prediction, batch.y), batch.y.size)
    return tally.means(prefix, task.metric)


def _learned(loss: Loss, prediction: Array, batch: Rows) -> tuple[Any, Array]:
    if isinstance(loss, OfLibrary):
        return accumulate_and_grad(loss, prediction, batch.y, batch.weight)
    _, gradient = loss.value_and_grad(prediction, batch.y, sample_weight=batch.weight)
    return loss.accumulate(prediction, batch.y, sample_weight=batch.weight), gradient


def _require_finite(value: float, place: str) -> None:
    if not math.isfinite(value):
        got, fix = f"{value} in {place}", "a smaller learning_rate"
        cause = "steps too long, or a NaN among the targets"
        raise LossfnError(say("loss", expected="a finite number", got=got, cause=cause, fix=fix))
