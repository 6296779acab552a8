"""One training from the command line: the network, the settings, the figures that come out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lossfn.cli.faults import InputError
from lossfn.cli.roles import Role, role
from lossfn.core.arrays import Array
from lossfn.core.errors import LossfnError
from lossfn.core.loss import Loss
from lossfn.explain.contributions import Contributions, contributions
from lossfn.nn import Adam, Dataset, History, Layer, Linear, ReLU, Sequential, Trainer, split_rows

HIDDEN = (64, 64)
HELD_OUT = 0.15  # of the training part, to choose the best epoch
START = 0.1  # of the usual first weights: a regression begins near the mean of its targets
QUARTERS = ("lowest quarter", "second quarter", "third quarter", "highest quarter")


@dataclass(frozen=True)
class Settings:
    """How to train."""

    model: str
    epochs: int
    batch_size: int
    learning_rate: float
    patience: int
    seed: int


@dataclass(frozen=True)
class Outcome:
    """What came out of a training; predictions and targets are those of the test part."""

    loss: Loss
    data: Dataset
    settings: Settings
    role: Role
    model: Sequential
    history: History
    test: dict[str, float]
    shares: Contributions
    prediction: Array

    @property
    def widths(self) -> list[int]:
        """Number of inputs, hidden units and outputs."""
        layers = _linear(self.model)
        return [layers[0].weight.shape[0], *(layer.weight.shape[1] for layer in layers)]


def fit(loss: Loss, data: Dataset, settings: Settings, progress: bool = False) -> Outcome:
    """Train a network under a loss; the best epoch is chosen on rows held out of the training part."""
    part = role(loss, data)
    model = Sequential(_layers(settings.model, data.x_train.shape[1], part.scored.outputs), seed=settings.seed)
    if part.metric == "mse":
        _linear(model)[-1].weight[:] *= START
    trainer = Trainer(
        model,
        part,
        Adam(settings.learning_rate),
        task=part,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        seed=settings.seed,
        patience=settings.patience,
        progress=progress,
    )
    labels = data.y_train if data.class_names else None
    learn, watch = split_rows(len(data.x_train), HELD_OUT, settings.seed, labels)
    x, y = data.x_train, data.y_train
    try:
        with np.errstate(all="ignore"):
            history = trainer.fit(x[learn], y[learn], (x[watch], y[watch]))
    except LossfnError as wrong:
        fix = f"--learning-rate {min(settings.learning_rate / 10, 0.001):g}"
        raise InputError(str(wrong).replace("a smaller learning_rate", fix)) from None
    test = trainer.evaluate(data.x_test, data.y_test)
    truth = part.scored.truth(part.target(data.y_test, np.float64))
    taken = part.scored.taken(model.predict(data.x_test))
    shares = contributions(part.scored.loss, taken, truth, groups=groups(data))
    return Outcome(loss, data, settings, part, model, history, test, shares, trainer.predict(data.x_test))


def groups(data: Dataset) -> Array:
    """Return the group of each test row: its class, or its quarter of the targets."""
    if data.class_names:
        names: Array = np.asarray(data.class_names)
        return np.asarray(names[data.y_test])
    edges = np.quantile(data.y_test, [0.25, 0.5, 0.75])
    quarters: Array = np.asarray(QUARTERS)
    return np.asarray(quarters[np.searchsorted(edges, data.y_test)])


def _linear(model: Sequential) -> list[Linear]:
    return [layer for layer in model.layers.values() if isinstance(layer, Linear)]


def _layers(model: str, inputs: int, outputs: int) -> list[Layer]:
    layers: list[Layer] = []
    for width in HIDDEN if model == "mlp" else ():
        layers += [Linear(inputs, width, init="he"), ReLU()]
        inputs = width
    return [*layers, Linear(inputs, outputs)]


def figures(outcome: Outcome) -> dict[str, Any]:
    """Return a training as one object for `--json`."""
    metric = outcome.role.metric
    return {
        "data": outcome.data.name,
        "loss": repr(outcome.loss),
        f"test_{metric}": outcome.test[metric],
        "test_loss": outcome.test["loss"],
        "epochs": outcome.history.epochs,
        "best_epoch": outcome.history.best_epoch,
        "seconds": outcome.history.seconds,
        "history": dict(outcome.history),
        "shares": [vars(group) for group in outcome.shares.groups],
        "target": {"shift": outcome.role.shift, "scale": outcome.role.scale},
        "options": vars(outcome.settings),
    }
