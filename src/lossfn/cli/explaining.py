"""The figures of `lossfn explain`, and how they are shown."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from lossfn.cli.columns import Named
from lossfn.cli.screen import blank, facts, table, text, title
from lossfn.cli.tables import Array
from lossfn.core.answers import kind
from lossfn.core.loss import Loss
from lossfn.explanation import explained_page, tables
from lossfn.explanation.explained import Explanation, RowPart, explain
from lossfn.explanation.outliers import WHAT


@dataclass(frozen=True)
class Explained:
    """An explanation, and the columns it is of."""

    parts: Explanation
    named: Named
    prediction: Any
    target: Array

    def cells(self, row: int) -> dict[str, Any]:
        """Return a row's predictions and targets by the names of their columns."""
        return self.named.cells(self.prediction, self.target, row)


def explained(loss: Loss, others: Sequence[Loss], named: Named) -> Explained:
    """Take a loss over the rows of a file apart, beside other losses, or classic ones if there are none."""
    prediction, target = named.arguments(loss)
    against = others or None
    parts = explain(loss, prediction, target, by=named.groups(), sample_weight=named.weights(), against=against)
    return Explained(parts, named, prediction, target)


def page(found: Explained, file: str, command: str) -> str:
    """Return the report."""
    return explained_page.page(found.parts, file, command)


def figures(found: Explained, top: int) -> dict[str, Any]:
    """Return an explanation as an object for `--json`."""
    parts = found.parts
    total = parts.total
    several = {"groups": parts.groups, "classes": parts.classes, "terms": parts.terms}
    carried = [{"loss": repr(each.loss), "share": each.share, "pull": each.pull} for each in parts.leverage]
    return {
        "loss": repr(parts.loss),
        "mean": total.mean(),
        "total": total.total,
        "rows": total.count,
        **{name: [vars(part) for part in each] for name, each in several.items() if each},
        "outliers": {"rows": (parts.outliers.nonzero()[0] + 1).tolist(), "carry": carried},
        "top": [_row(found, row) for row in parts.top(top)],
    }


def _row(found: Explained, row: RowPart) -> dict[str, Any]:
    figures = {"loss": row.value, "share": row.share, "pull": row.pull, "outlier": bool(found.parts.outliers[row.row])}
    return {"row": row.row + 1, **found.cells(row.row), **figures}


def show(found: Explained, top: int, report: Path | None) -> None:
    """Print a table of each kind of part."""
    parts, named = found.parts, found.named
    rows = parts.total.count
    title(tables.heading(parts))
    _table(tables.terms(parts.terms), bool(parts.terms))
    _table(tables.parts(parts.groups, str(named.by), rows), bool(parts.groups))
    _table(tables.parts(parts.classes, "class", rows), bool(parts.classes))
    _table(tables.leverage(parts), bool(parts.outliers.any()))
    if parts.outliers.any():
        text(f"An outlier is a row with {WHAT[kind(parts.loss)]}.")
    _table(_top(found, top), top > 0)
    if report:
        blank()
        facts([("report", str(report))])


def _top(found: Explained, top: int) -> tables.Cells:
    named = [found.cells(row.row) for row in found.parts.top(top)]
    plain = tables.top(found.parts, top, first=1)
    values = [tuple(named[0]) if named else (), *(tuple(f"{v:.6g}" for v in cells.values()) for cells in named)]
    return [(row[0], *shown, *row[1:]) for row, shown in zip(plain, values, strict=True)]


def _table(cells: tables.Cells, wanted: bool) -> None:
    if wanted:
        blank()
        table(cells[0], cells[1:], right=cells[0][1:])
