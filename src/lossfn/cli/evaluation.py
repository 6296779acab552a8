"""The figures of `lossfn evaluate`, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lossfn.cli.columns import Named
from lossfn.cli.screen import blank, table, title
from lossfn.cli.tables import Array
from lossfn.core.loss import Loss
from lossfn.explanation.contributions import Contributions, RowLoss, contributions
from lossfn.explanation.tables import percent
from lossfn.explanation.text import call

MANY = 20  # groups on the screen


@dataclass(frozen=True)
class Evaluation:
    """What the rows of a file cost under one loss."""

    loss: Loss
    named: Named
    parts: Contributions
    top: list[RowLoss]
    prediction: Any
    target: Array

    def cells(self, row: int) -> dict[str, Any]:
        """Return a row's predictions and targets by the names of their columns."""
        return self.named.cells(self.prediction, self.target, row)


def evaluate(loss: Loss, named: Named, top: int) -> Evaluation:
    """Compute a loss over the rows of a file."""
    prediction, target = named.arguments(loss)
    parts = contributions(loss, prediction, target, named.weights(), named.groups())
    return Evaluation(loss, named, parts, parts.top(top), prediction, target)


def figures(found: Evaluation) -> dict[str, Any]:
    """Return an evaluation as an object for `--json`."""
    total = found.parts.total
    groups = {"groups": [vars(group) for group in found.parts.groups]} if found.named.by else {}
    rows = [{"row": row.row + 1, **found.cells(row.row), "loss": row.value, "share": row.share} for row in found.top]
    whole = {"loss": repr(found.loss), "mean": total.mean(), "total": total.total, "rows": total.count}
    return whole | groups | ({"top": rows} if rows else {})


def show(every: Sequence[Evaluation]) -> None:
    """Print all losses in one table, then groups and rows loss by loss."""
    rows = [(call(one.loss), f"{t.mean():.6g}", f"{t.total:.6g}", t.count) for one in every for t in [one.parts.total]]
    table(("loss", "mean", "sum", "rows"), rows, right=("mean", "sum", "rows"))
    for one in every:
        if one.named.by:
            _show_groups(one)
        if one.top:
            _show_top(one)


def _show_groups(one: Evaluation) -> None:
    groups, rows = one.parts.groups, one.parts.total.count
    blank()
    title(f"{call(one.loss)} by {one.named.by}")
    lines = [
        (g.group, percent(g.share), percent(g.count / rows if rows else 0.0), f"{g.value:.6g}", g.count)
        for g in groups[:MANY]
    ]
    columns = (str(one.named.by), "share of loss", "share of rows", "mean", "rows")
    table(columns, lines, right=columns[1:])
    if len(groups) > MANY:
        title(f"… and {len(groups) - MANY} more; --json gives them all")


def _show_top(one: Evaluation) -> None:
    blank()
    title(f"{call(one.loss)}: the {len(one.top)} rows that cost most, the first row being 1")
    cells = [one.cells(row.row) for row in one.top]
    lines = [
        (row.row + 1, *(f"{value:.6g}" for value in found.values()), f"{row.value:.6g}", percent(row.share))
        for row, found in zip(one.top, cells, strict=True)
    ]
    columns = ("row", *cells[0], "loss", "share of loss")
    table(columns, lines, right=columns)
