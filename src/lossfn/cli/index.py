"""The losses of the library, by what they are for."""

from __future__ import annotations

from typing import Any

import lossfn as lf
from lossfn.cli.description import about
from lossfn.cli.losses import hyperparameters
from lossfn.cli.screen import blank, table, title
from lossfn.core.answers import kind

TITLES = {
    "numbers": "Numbers: a prediction for each target",
    "two classes": "Two classes: a logit, a margin or a probability for each label",
    "classes": "Several classes: a row of scores for each label or distribution",
}


def entries() -> list[dict[str, Any]]:
    """Return name, purpose, estimate, first sentence and hyperparameters of every loss."""
    losses = [lf.get(name) for name in lf.list_losses()]
    return [
        {
            "name": type(loss).__name__,
            "for": kind(loss),
            "estimates": loss.estimates,
            "about": about(loss),
            "options": {option: spec.default for option, spec in hyperparameters(type(loss)).items()},
        }
        for loss in losses
    ]


def show() -> None:
    """Print a table for each purpose."""
    for place, (purpose, heading) in enumerate(TITLES.items()):
        if place:
            blank()
        title(heading)
        found = [entry for entry in entries() if entry["for"] == purpose]
        table(("loss", "estimates", "options"), [(e["name"], e["estimates"], _options(e["options"])) for e in found])


def _options(options: dict[str, Any]) -> str:
    return "  ".join(name if default is None else f"{name} {_default(default)}" for name, default in options.items())


def _default(value: Any) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value).lower()
