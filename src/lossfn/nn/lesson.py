"""One pass over the data: forward, loss, backward, step; and the same without learning."""

from __future__ import annotations

import math
import re
from dataclasses import InitVar, dataclass, field
from typing import Any, Protocol

import numpy as np

from lossfn.core.calls import accumulate_and_grad
from lossfn.core.loss import Loss as OfLibrary
from lossfn.nn.adaptive import Adaptive
from lossfn.nn.faults import bad_batch, require_finite
from lossfn.nn.history import Tally
from lossfn.nn.layers import Array
from lossfn.nn.model import Sequential
from lossfn.nn.optim import Optimizer, State, clip_norm
from lossfn.nn.rows import Rows
from lossfn.nn.schedules import Schedule
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
    schedule: Schedule
    clip_norm: float
    learning: Loss = field(init=False)  # the loss of the epoch
    state: State = field(init=False)
    generator: np.random.Generator = field(init=False)

    def __post_init__(self, seed: int) -> None:
        self.learning = self.loss
        self.state = self.optimizer.start(self.model.parameters)
        self.generator = np.random.default_rng(seed)

    def setting(self) -> dict[str, str | int]:
        """Return what must be the same for a training to go on, also in another process."""
        parts = {"model": self.model, "loss": self.loss, "optimizer": self.optimizer}
        told = {name: re.sub(r" at 0x\w+", "", repr(part)) for name, part in parts.items()}
        return {**told, "batch_size": self.batch_size}

    def generators(self) -> dict[str, np.random.Generator]:
        """Return what is drawn from: for the order of the rows, and by layers."""
        drawing = {name: layer.generator for name, layer in self.model.layers.items()}
        return {"order of rows": self.generator} | {name: drawn for name, drawn in drawing.items() if drawn is not None}

    def epoch(self, number: int, rows: Rows, held_out: Rows | None) -> dict[str, float]:
        """Learn from all rows once, in random order; return the figures of the epoch."""
        if isinstance(self.loss, Adaptive):
            self.learning = self.loss.rule(number, *self._seen(rows))
        tally, order, size = Tally(), self.generator.permutation(len(rows.x)), self.batch_size
        for k, batch in enumerate(rows.batches(size, order)):
            scale = self.schedule(number - 1 + k * size / len(order))
            losses = self._step(batch, tally, scale)
            if losses is not None:
                place = f"epoch {number}, batch {k + 1}"
                raise self._fault(losses, batch, place, order[k * size : (k + 1) * size])
        figures = tally.means("train_", self.task.metric)
        if held_out is not None:
            figures |= measure(self.model, self.loss, self.task, held_out, "valid_")
            require_finite(figures["valid_loss"], f"epoch {number}, validation")
        return figures

    def _seen(self, rows: Rows) -> tuple[Array, Any]:
        batches = rows.batches(ROWS_AT_ONCE)
        return np.concatenate([self.task.prediction(self.model.predict(b.x), b.y) for b in batches]), rows.y

    def _step(self, batch: Rows, tally: Tally, scale: float) -> float | None:
        """Take a step and return None; or return the mean that is not finite."""
        output = self.model.forward(batch.x, training=True)
        prediction = self.task.prediction(output, batch.y)
        losses, gradient = _learned(self.learning, prediction, batch)
        if not math.isfinite(mean := losses.mean()):
            return float(mean)
        self.model.fill(gradient.reshape(output.shape))
        if self.clip_norm < math.inf:
            clip_norm(self.model.gradients, self.clip_norm)
        self.optimizer.step(self.model.parameters, self.model.gradients, self.state, scale)
        tally.add(losses, *_scored(self.loss, self.task, prediction, batch.y))
        return None

    def _fault(self, value: float, batch: Rows, place: str, rows: Any) -> Exception:
        # The step was not taken: measured without noise, the output is the one before it.
        prediction = self.task.prediction(self.model.predict(batch.x), batch.y)

        def each(part: slice) -> float:
            weight = None if batch.weight is None else batch.weight[part]
            return float(self.learning.accumulate(prediction[part], batch.y[part], sample_weight=weight).mean())

        return bad_batch(value, place, rows, prediction, batch.y, each)


def measure(model: Sequential, loss: Loss, task: Task, rows: Rows, prefix: str) -> dict[str, float]:
    """Return the mean loss and the metric over `rows`, their names prefixed."""
    tally = Tally()
    for batch in rows.batches(ROWS_AT_ONCE):
        prediction = task.prediction(model.predict(batch.x), batch.y)
        losses = loss.accumulate(prediction, batch.y, sample_weight=batch.weight)
        tally.add(losses, *_scored(loss, task, prediction, batch.y))
    return tally.means(prefix, task.metric)


def _scored(loss: Loss, task: Task, prediction: Array, y: Any) -> tuple[float, int]:
    """Return the sum and the number of the terms of the metric; labels that the loss ignores are none."""
    ignored = getattr(loss, "ignore_index", None)
    if ignored is not None:
        prediction, y = prediction[y != ignored], y[y != ignored]
    return task.score(prediction, y), y.size


def _learned(loss: Loss, prediction: Array, batch: Rows) -> tuple[Any, Array]:
    if isinstance(loss, OfLibrary):
        return accumulate_and_grad(loss, prediction, batch.y, batch.weight)
    _, gradient = loss.value_and_grad(prediction, batch.y, sample_weight=batch.weight)
    return loss.accumulate(prediction, batch.y, sample_weight=batch.weight), gradient
