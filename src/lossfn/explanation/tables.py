"""The tables of an explanation, as cells and as text."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lossfn.explanation.text import call

if TYPE_CHECKING:
    from lossfn.explanation.explained import Explanation, Part

Cells = list[tuple[str, ...]]
ROWS = 10
MANY = 20


def percent(share: float) -> str:
    """Write a share; a dash where there is none to speak of."""
    return "–" if math.isnan(share) else f"{share:.1%}"


def parts(found: Sequence[Part], what: str, rows: int) -> Cells:
    """Return a table of groups, classes or terms, its first row naming the columns."""
    head = (what, "share of loss", "share of gradient", "share of rows", "mean", "rows")
    body = [
        (p.group, percent(p.share), percent(p.pull), percent(p.count / max(rows, 1)), f"{p.value:.6g}", str(p.count))
        for p in found[:MANY]
    ]
    return [head, *body]


def terms(found: Sequence[Part]) -> Cells:
    """Return a table of the terms of a sum."""
    body = [(p.group, percent(p.share), percent(p.pull), f"{p.value:.6g}") for p in found]
    return [("term", "share of loss", "share of gradient", "mean"), *body]


def leverage(found: Explanation) -> Cells:
    """Return what the outliers carry under each loss."""
    body = [(call(each.loss), percent(each.share), percent(each.pull)) for each in found.leverage]
    return [("outliers under", "share of loss", "share of gradient"), *body]


def top(found: Explanation, count: int = ROWS, first: int = 0) -> Cells:
    """Return the rows that cost most; `first` is the number of the first row."""
    marks = ["yes" if marked else "" for marked in found.outliers]
    body = [
        (str(row.row + first), f"{row.value:.6g}", percent(row.share), percent(row.pull), marks[row.row])
        for row in found.top(count)
    ]
    return [("row", "loss", "share of loss", "share of gradient", "outlier"), *body]


def heading(found: Explanation) -> str:
    """Return one sentence on the whole."""
    total, marked = found.total, int(found.outliers.sum())
    outliers = f"{marked} outlier" + "s" * (marked != 1)
    return f"{call(found.loss)}: mean {total.mean():.6g} over {total.count} rows, {outliers}"


def every(found: Explanation) -> list[Cells]:
    """Return all tables that have rows."""
    rows = found.total.count
    tables = [
        terms(found.terms),
        parts(found.groups, "group", rows),
        parts(found.classes, "class", rows),
        leverage(found) if found.outliers.any() else [],
        top(found),
    ]
    return [table for table in tables if len(table) > 1]


def written(found: Explanation) -> str:
    """Return the heading and all tables as text."""
    return "\n\n".join([heading(found), *map(aligned, every(found))])


def aligned(table: Cells) -> str:
    """Write a table in columns: the first to the left, numbers to the right."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    lines = (zip(row, widths, strict=True) for row in table)
    padded = ([c.rjust(w) if place else c.ljust(w) for place, (c, w) in enumerate(line)] for line in lines)
    return "\n".join("  ".join(line).rstrip() for line in padded)
