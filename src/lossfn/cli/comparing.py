"""The figures of `lossfn compare`, and how they are shown."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from lossfn.cli.faults import InputError
from lossfn.cli.roles import role
from lossfn.cli.screen import blank, facts, table, text, title
from lossfn.comparison import page as pages
from lossfn.comparison.compare import Comparison, compare
from lossfn.comparison.tables import cells
from lossfn.core.loss import Loss
from lossfn.nn import Dataset

MODELS = {"linear": "linear model", "mlp": "network", "hist": "boosted trees"}


def compared(losses: Sequence[Loss], data: Dataset, model: str, seed: int) -> Comparison:
    """Train and measure; a loss that does not fit the data is an error that names some that do."""
    if len(losses) < 2:
        raise InputError(f"compare takes several losses, got {type(losses[0]).__name__} alone. Add another --loss.")
    for loss in losses:
        role(loss, data)
    return compare(losses, _models(bool(data.class_names), seed)[model], data)


def _models(classes: bool, seed: int) -> dict[str, Callable[[Loss], Any]]:
    from lossfn.sklearn import LossClassifier, LossRegressor, MLPClassifier, MLPRegressor
    from lossfn.sklearn.hist import booster

    linear, network = (LossClassifier, MLPClassifier) if classes else (LossRegressor, MLPRegressor)
    return {
        "linear": linear,
        "mlp": lambda loss: network(loss, early_stopping=True, random_state=seed),
        "hist": lambda loss: booster(loss, early_stopping=True, random_state=seed),
    }


def page(found: Comparison, command: str) -> str:
    """Return the report."""
    return pages.page(found, command)


def figures(found: Comparison, model: str) -> dict[str, Any]:
    """Return a comparison as an object for `--json`."""
    rows = zip(found.losses, found.values.tolist(), found.seconds, strict=True)
    trainings = [
        {"loss": repr(loss), "test": dict(zip(found.measures, row, strict=True)), "seconds": seconds}
        for loss, row, seconds in rows
    ]
    return {"data": found.data.name, "model": model, "trainings": trainings}


def show(found: Comparison, model: str, report: Path | None) -> None:
    """Print one line a training."""
    data = found.data
    title(f"{MODELS[model]} on {data.name}, {len(data.x_train)} rows to learn from, {len(data.x_test)} to test on")
    blank()
    head, *body = cells(found)
    table(head, body, right=head[1:])
    text("Means over the test rows; * marks the least of each column.")
    if report:
        blank()
        facts([("report", str(report))])
