"""The report of a training."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from lossfn.cli.fit import Outcome
from lossfn.cli.summary import figure, lines, unit
from lossfn.explanation.plots import draw_history, draw_parts, draw_shares
from lossfn.explanation.report import Rows, Section, report
from lossfn.explanation.tables import percent
from lossfn.explanation.text import call

HARDEST = 8


def page(outcome: Outcome, command: str) -> str:
    """Return a page on a training: its figures, its course, where the loss sits, how to repeat it."""
    said, history = lines(outcome), outcome.history
    tiles = [
        (f"test {figure(outcome)[0]}", figure(outcome)[1]),
        ("test loss", f"{outcome.test['loss']:.4g}"),
        ("best epoch", f"{history.best_epoch} of {history.epochs}"),
        ("training time", f"{history.seconds:.1f} s"),
    ]
    title = f"{call(outcome.loss)} on {outcome.data.name}"
    return report(title, f"{said['data']}.", tiles, [*_sections(outcome), *_repeat(outcome, command)])


def _sections(outcome: Outcome) -> list[Section]:
    worst = lines(outcome).get("hardest", "").partition(": ")
    note = f"Hardest: {worst[0]}, with {worst[2]}." if worst[2] else "Each part's share of the test loss."
    rising = "Loss and score after each epoch. The epoch with the least held-out loss is kept."
    estimates = f"Estimates: {outcome.loss.estimates}."
    parts = "class" if outcome.data.class_names else "size of the target"
    found = [Section("Training", rising, draw_history(outcome.history, outcome.history.best_epoch))]
    if outcome.shares.groups and outcome.shares.groups[0].share >= 0:
        found.append(Section(f"Test loss by {parts}", note, [draw_shares(outcome.shares.groups)], half=True))
    found.append(Section("The rows that cost most", _order(outcome), rows=_hardest(outcome), half=len(found) > 1))
    found.append(Section("The loss", f"{estimates} {unit(outcome)}".strip(), draw_parts(outcome.loss)))
    return found


def _order(outcome: Outcome) -> str:
    top = outcome.shares.top(HARDEST)
    total = sum(row.share for row in top)
    rows = f"{len(top)} of {len(outcome.prediction)} test rows"
    return f"{rows} carry {percent(total)} of the test loss." if total >= 0 else f"{rows}."


def _hardest(outcome: Outcome) -> Rows:
    top, names, role = outcome.shares.top(HARDEST), outcome.data.class_names, outcome.role
    predicted = role.back(np.asarray(outcome.prediction))

    def written(value: float) -> str:
        return names[int(value)] if names else f"{value:.4g}"

    cells = (
        (
            str(r.row + 1),
            written(outcome.data.y_test[r.row]),
            written(predicted[r.row]),
            f"{r.value:.4g}",
            percent(r.share),
        )
        for r in top
    )
    return [("test row", "target", "prediction", "loss", "share of loss"), *cells]


def _repeat(outcome: Outcome, command: str) -> list[Section]:
    settings = {name.replace("_", " "): f"{value}" for name, value in asdict(outcome.settings).items()}
    rows = [("option", "value"), ("loss", call(outcome.loss)), *(settings | {"model": outcome.model}).items()]
    return [Section("Settings", rows=rows, half=True), Section("Repeat it", command=command, half=True)]
