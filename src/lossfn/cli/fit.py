"""One training from the command line: the network, the settings, the figures that come out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np

from lossfn.cli.faults import InputError
from lossfn.cli.roles import Role, role
from lossfn.core.arrays import Array
from lossfn.core.errors import LossfnError
from lossfn.core.loss import Loss
from lossfn.explanation.contributions import Contributions, contributions
from lossfn.nn import Adam, Dataset, History, Layer, Linear, ReLU, Sequential, Trainer, split_rows
from lossfn.nn.faults import SHORTER

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
    model: str
    history: History
    test: dict[str, float]
    shares: Contributions
    prediction: Array


def fit(loss: Loss, data: Dataset, settings: Settings, progress: bool = False) -> Outcome:
    """Train a model under a loss; the best epoch is chosen on rows held out of the training part."""
    part, train = role(loss, data), {"hist": _hist, "mlp": _network, "linear": _network}.get(settings.model, _boosted)
    try:
        with np.errstate(all="ignore"):
            model, history, scores = train(part, data, settings, progress)
    except LossfnError as wrong:
        fix = f"--learning-rate {min(settings.learning_rate / 10, 0.001):g}"
        raise InputError(str(wrong).replace(SHORTER, fix)) from None
    target = part.target(data.y_test, np.float64)
    mean = part.score(scores, target) / len(target)
    test = {"loss": float(part.accumulate(scores, target).mean()), part.metric: mean}
    taken, truth = part.scored.taken(scores), part.scored.truth(target)
    shares = contributions(part.scored.loss, taken, truth, groups=groups(data))
    return Outcome(loss, data, settings, part, model, history, test, shares, part.decide(scores))


def _network(part: Role, data: Dataset, settings: Settings, progress: bool) -> tuple[str, History, Array]:
    """Return a line on the model, its history, and its scores of the test rows."""
    widths = [data.x_train.shape[1], *(HIDDEN if settings.model == "mlp" else ()), part.scored.outputs]
    network = Sequential(_layers(widths), seed=settings.seed)
    if not part.classes:
        network.parameters[-(widths[-2] + 1) * widths[-1] :] *= START
    trainer = Trainer(
        network,
        part,
        Adam(settings.learning_rate),
        task=part,
        batch_size=settings.batch_size,
        epochs=settings.epochs,
        seed=settings.seed,
        patience=settings.patience,
        progress=progress,
    )
    learn, watch = _halves(part, data, settings)
    history = trainer.fit(*learn, watch)
    return f"{settings.model}, {' → '.join(map(str, widths))}", history, network.predict(data.x_test)


def _halves(part: Role, data: Dataset, settings: Settings) -> tuple[tuple[Array, Array], tuple[Array, Array]]:
    """Return the rows to learn from, and those that choose the best epoch."""
    labels = data.y_train if part.classes else None
    learn, watch = split_rows(len(data.x_train), HELD_OUT, settings.seed, labels)
    return (data.x_train[learn], data.y_train[learn]), (data.x_train[watch], data.y_train[watch])


def _hist(part: Role, data: Dataset, settings: Settings, progress: bool) -> tuple[str, History, Array]:
    from lossfn.cli.trees import grow

    rounds = {"max_iter": settings.epochs, "n_iter_no_change": settings.patience, "validation_fraction": HELD_OUT}
    return grow(part, data, rounds | {"learning_rate": settings.learning_rate, "random_state": settings.seed})


def _boosted(part: Role, data: Dataset, settings: Settings, progress: bool) -> tuple[str, History, Array]:
    from lossfn.cli.boosting import grow

    return grow(part, data, _halves(part, data, settings), vars(settings))


def _layers(widths: Sequence[int]) -> list[Layer]:
    layers: list[Layer] = []
    for inputs, outputs in pairwise(widths[:-1]):
        layers += [Linear(inputs, outputs, init="he"), ReLU()]
    return [*layers, Linear(widths[-2], widths[-1])]


def groups(data: Dataset) -> Array:
    """Return the group of each test row: its class, or its quarter of the targets."""
    if data.class_names:
        names: Array = np.asarray(data.class_names)
        return np.asarray(names[data.y_test])
    edges = np.quantile(data.y_test, [0.25, 0.5, 0.75])
    quarters: Array = np.asarray(QUARTERS)
    return np.asarray(quarters[np.searchsorted(edges, data.y_test)])


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
