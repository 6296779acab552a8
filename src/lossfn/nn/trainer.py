"""The training loop, once for every loss: settings, epochs, early stopping."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import OptionError, say
from lossfn.nn.history import History
from lossfn.nn.lesson import Lesson, Loss, measure
from lossfn.nn.model import Sequential
from lossfn.nn.optim import Optimizer
from lossfn.nn.progress import Report, reporting
from lossfn.nn.rows import Rows, finite_array
from lossfn.nn.tasks import Task, choose_task


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
        Metrics are never weighted.
    batch_size, epochs : int, default 32 and 100
        Rows a step, and passes over the data.
    seed : int, default 0
        Source of the order of the rows.
    patience : int, optional
        Stop after so many epochs without a better valid_loss (train_loss if there are no validation data),
        and restore the parameters of the best epoch, also when all epochs were run.
    progress : bool or callable, default True
        Show a bar on standard error if that is a terminal and rich is installed; or call
        ``progress(epoch, figures)`` after each epoch.

    Raises
    ------
    OptionError
        A number below 1, or another task.

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
    progress: bool | Report = True

    def __post_init__(self) -> None:
        choose_task(self.task, 1)
        for argument in ("batch_size", "epochs", "patience"):
            number = getattr(self, argument)
            if number is not None and number < 1:
                raise OptionError(say(argument, expected="a whole number of at least 1", got=number))

    def fit(
        self,
        x: ArrayLike,
        y: ArrayLike,
        validation: tuple[ArrayLike, ...] | None = None,
        sample_weight: ArrayLike | None = None,
    ) -> History:
        """Train and return what happened.

        Parameters
        ----------
        x : array_like of shape (N, features)
        y : array_like of shape (N,) or (N, outputs)
        validation : tuple of array_like, optional
            Inputs, targets and, if they have any, weights to measure after each epoch.
        sample_weight : array_like of shape (N,), optional

        Returns
        -------
        History

        Raises
        ------
        LossfnError
            The loss became NaN or infinite: the message names epoch and batch, the step was not taken.
        ShapeError, ArgumentError, TargetError
            Data that do not fit together, a NaN in x, or class names for class numbers.
        """
        task, rows = self._prepare(x, y, sample_weight)
        held_out = None if validation is None else self._prepare(*validation)[1]
        lesson = Lesson(self.model, self.loss, self.optimizer, task, self.batch_size, self.seed)
        started = time.perf_counter()
        with reporting(self.progress, self.epochs) as report:
            history = self._run(lesson, rows, held_out, report)
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

    def _prepare(self, x: ArrayLike, y: ArrayLike, weight: ArrayLike | None = None) -> tuple[Task, Rows]:
        dtype = self.model.dtype
        inputs = finite_array(x, dtype)
        task = choose_task(self.task, self.model.predict(inputs[:1]).shape[1])
        weights = None if weight is None else np.asarray(weight, dtype)
        return task, Rows.together(inputs, task.target(y, dtype), weights)

    def _run(self, lesson: Lesson, rows: Rows, held_out: Rows | None, report: Report) -> History:
        history, best = History(), self.model.parameters.copy()
        for epoch in range(1, self.epochs + 1):
            figures = lesson.epoch(epoch, rows, held_out)
            history.append(figures)
            report(epoch, figures)
            if history.best_epoch == epoch:
                best[:] = self.model.parameters
            elif self.patience is not None and epoch - history.best_epoch >= self.patience:
                break
        if self.patience is not None:
            self.model.parameters[:] = best
        return history
