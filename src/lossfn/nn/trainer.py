"""The training loop, once for every loss: settings, epochs, early stopping."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import ArgumentError, OptionError, ShapeError, say
from lossfn.core.kinds import Distribution, Row
from lossfn.nn.files import require_place, require_safetensors
from lossfn.nn.history import History
from lossfn.nn.layers.base import require
from lossfn.nn.lesson import Lesson, Loss, measure
from lossfn.nn.model import Sequential
from lossfn.nn.optim import Optimizer
from lossfn.nn.progress import Report, reporting
from lossfn.nn.resume import copied, load, overwrite, save
from lossfn.nn.rows import Rows, finite_array
from lossfn.nn.schedules import Constant, Schedule
from lossfn.nn.tasks import BinaryClassification, Task, choose_task

CONSTANT = Constant()


@dataclass
class Trainer:
    """Fits a model to data under a loss.

    Parameters
    ----------
    model : Sequential
        Moved in place. Data are converted to its dtype.
    loss : Loss
        Any loss of the library. With task "classification" it sees logits of shape (N, C) and class numbers
        of shape (N,); where the model has one output, logits of shape (N,) and float labels 0 and 1. With
        task "regression" one output column meets a target of shape (N,) as shape (N,).
    optimizer : Optimizer
        For example ``Adam(learning_rate=0.01)``; its state starts afresh at each `fit`.
    task : {"regression", "classification"} or Task, default "regression"
        Chooses the metric beside the loss: mse or accuracy; or an object that says what outputs mean.
        Metrics are never weighted; labels that the loss ignores count in none.
    class_weight : sequence of float, optional
        A weight for each class, times the sample weights wherever a loss is measured; `balanced_weights` counts
        them out. For losses without a class weight of their own.
    batch_size, epochs : int, default 32 and 100
        Rows a step, and passes over the data.
    seed : int, default 0
        Source of the order of the rows.
    patience : int, optional
        Stop after so many epochs without a better valid_loss (train_loss if there are no validation data),
        and restore the parameters of the best epoch, also when all epochs were run.
    schedule : Schedule, default Constant()
        Factor of the learning rate, a function of the epochs passed.
    clip_norm : float, optional
        Largest norm of a gradient: longer ones are shortened.
    checkpoint : path, optional
        A file of safetensors, replaced whole after each epoch, from which `fit` can resume; needs safetensors.
        A training killed at any moment and resumed ends in the same parameters, bit for bit.
    callbacks : sequence of callable
        Called as ``callback(epoch, figures)`` after each epoch, before its checkpoint is written; one that returns
        True ends the training.
    progress : bool, default True
        Show a bar on standard error if that is a terminal and rich is installed.

    Raises
    ------
    OptionError
        A number out of its range, another task, or something else than an optimizer or a loss.
    ImportError
        A checkpoint without safetensors.

    Examples
    --------
    >>> import numpy as np
    >>> import lossfn
    >>> from lossfn.nn import Adam, Linear, Sequential, Trainer
    >>> x = np.linspace(-1, 1, 64).reshape(-1, 1)
    >>> trainer = Trainer(Sequential([Linear(1, 1)]), lossfn.SquaredError(), Adam(0.05), epochs=60)
    >>> history = trainer.fit(x, 3 * x[:, 0] + 1)
    >>> trainer.predict([[2.0]]).round(2)
    array([7.], dtype=float32)
    """

    model: Sequential
    loss: Loss
    optimizer: Optimizer
    task: Literal["regression", "classification"] | Task = "regression"
    batch_size: int = 32
    epochs: int = 100
    seed: int = 0
    patience: int | None = None
    class_weight: Sequence[float] | None = None
    schedule: Schedule = CONSTANT
    clip_norm: float = math.inf
    checkpoint: str | os.PathLike[str] | None = None
    callbacks: Sequence[Report] = ()
    progress: bool = True

    def __post_init__(self) -> None:
        choose_task(self.task, 1)
        if not isinstance(self.optimizer, Optimizer):
            raise OptionError(say("optimizer", expected="an Optimizer", got=repr(self.optimizer), fix="Adam()"))
        if isinstance(self.loss, type) or not hasattr(self.loss, "accumulate"):
            raise OptionError(say("loss", expected="a loss", got=repr(self.loss), fix="lossfn.SquaredError()"))
        require(self.clip_norm > 0, "Trainer", "clip_norm", "a positive number", self.clip_norm)
        if self.checkpoint is not None:
            require_safetensors()
        for argument in ("batch_size", "epochs", "patience"):
            number = getattr(self, argument)
            if number is not None and not (isinstance(number, int | np.integer) and number >= 1):
                raise OptionError(say(argument, expected="a whole number of at least 1", got=repr(number)))

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        validation: tuple[ArrayLike, ...] | None = None,
        sample_weight: ArrayLike | None = None,
        resume: bool = False,
    ) -> History:
        """Train and return what happened.

        Parameters
        ----------
        x : array_like of shape (N, features)
        y : array_like of shape (N,) or (N, outputs)
        validation : tuple of array_like, optional
            Inputs, targets and, if they have any, weights to measure after each epoch.
        sample_weight : array_like of shape (N,), optional
        resume : bool, default False
            Go on from the checkpoint where there is one, with the same data; otherwise begin.

        Returns
        -------
        History

        Raises
        ------
        LossfnError
            The loss became NaN or infinite: the message names epoch, batch and row; the step was not taken.
        ShapeError, ArgumentError, TargetError
            Data that do not fit together or the model, a NaN in x, class names for class numbers, a checkpoint of
            another training or in no folder.
        """
        task, rows = self._prepare(x, y, sample_weight)
        held_out = None if validation is None else self._held_out(validation)
        lesson = Lesson(
            self.model, self.loss, self.optimizer, task, self.batch_size, self.seed, self.schedule, self.clip_norm
        )
        started = time.perf_counter()
        with reporting(self.progress, self.epochs) as report:
            history = self._run(lesson, rows, held_out, resume, (report, *self.callbacks))
        history.seconds = time.perf_counter() - started
        return history

    def evaluate(self, x: ArrayLike, y: ArrayLike, sample_weight: ArrayLike | None = None) -> dict[str, float]:
        """Return the mean loss and the metric: ``{"loss": ..., "mse": ...}`` or "accuracy"."""
        task, rows = self._prepare(x, y, sample_weight)
        return measure(self.model, self.loss, task, rows, prefix="")

    def predict(self, x: ArrayLike) -> NDArray[Any]:
        """Return class numbers of shape (N,), or values of shape (N,) for one output, else (N, outputs)."""
        output = self.model.predict(x)
        return choose_task(self.task, output.shape[1]).decide(output)

    def _held_out(self, validation: tuple[ArrayLike, ...]) -> Rows:
        if not isinstance(validation, (tuple, list)) or len(validation) not in (2, 3):
            expected, got = "(x, y) or (x, y, sample_weight)", f"{type(validation).__name__} of {len(validation)}"
            raise ArgumentError(say("validation", expected=expected, got=got))
        return self._prepare(*validation)[1]

    def _prepare(self, x: ArrayLike, y: ArrayLike, weight: ArrayLike | None = None) -> tuple[Task, Rows]:
        dtype = self.model.dtype
        inputs = finite_array(x, dtype)
        task = choose_task(self.task, self.model.predict(inputs[:1]).shape[1])
        if isinstance(task, BinaryClassification) and isinstance(self.loss, (Distribution, Row)):
            expected, fix = (
                f"an output for each class under {self.loss!r}",
                "BinaryCrossEntropyWithLogits(), or 2 outputs",
            )
            raise ShapeError(say("model", expected=expected, got="1 output", fix=fix))
        prepared = Rows.together(inputs, task.target(y, dtype), None if weight is None else np.asarray(weight, dtype))
        return task, prepared if self.class_weight is None else prepared.weighted(self.class_weight)

    def _run(
        self, lesson: Lesson, rows: Rows, held_out: Rows | None, resume: bool, callbacks: Sequence[Report]
    ) -> History:
        path = None if self.checkpoint is None else Path(self.checkpoint)
        if path is not None:
            require_place(path)
        found = path is not None and resume and path.exists()
        history, best = load(path, lesson, held_out is not None) if path is not None and found else (History(), {})
        stop = False
        while not (stop or self._over(history)):
            history.append(figures := lesson.epoch(epoch := history.epochs + 1, rows, held_out))
            if history.best_epoch == epoch:
                best = copied(self.model.tensors())
            stop = True in [callback(epoch, figures) for callback in callbacks]
            if path is not None:
                save(path, lesson, history, best)
        if self.patience is not None:
            overwrite(self.model.tensors(), best)
        return history

    def _over(self, history: History) -> bool:
        waited = history.epochs - history.best_epoch if history else 0
        return history.epochs >= self.epochs or (self.patience is not None and waited >= self.patience)
