"""The report of an explanation."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from lossfn.core.answers import kind
from lossfn.core.loss import Loss
from lossfn.explanation import tables
from lossfn.explanation.concentration import draw_concentration
from lossfn.explanation.outliers import WHAT
from lossfn.explanation.plots import draw_shares, plot
from lossfn.explanation.report import Section, report
from lossfn.explanation.style import SERIES
from lossfn.explanation.text import call
from lossfn.explanation.views import view

if TYPE_CHECKING:
    from lossfn.explanation.explained import Explanation, Part


def page(found: Explanation, subject: str = "", command: str = "") -> str:
    """Return a page on who carries a loss and who pulls: figures, groups, classes, terms, outliers, rows."""
    first, total = found.leverage[0], found.total
    tiles = [
        ("mean loss", f"{total.mean():.4g}"),
        ("rows", f"{total.count}"),
        ("outliers", f"{int(found.outliers.sum())}"),
        ("outliers' part of the gradient", tables.percent(first.pull)),
    ]
    note = f"Who carries the loss{' on ' + subject if subject else ''}, and who pulls at the model."
    return report(call(found.loss), note, tiles, [*_sections(found), *_repeat(command)])


def _sections(found: Explanation) -> list[Section]:
    rule = f"An outlier is a row with {WHAT[kind(found.loss)]}."
    pictures = [draw_concentration(found.leverage)] if found.loss.differentiable else []
    pull = Section("Who pulls", rule, pictures, tables.leverage(found), half=True)
    parts = [
        _parts(f"By {what}", what, rows, found.total.count)
        for what, rows in (("group", found.groups), ("class", found.classes))
        if rows
    ]
    shown = tables.terms(found.terms)
    terms = [Section("By term", "The terms of the sum.", rows=shown, half=True)] if found.terms else []
    top = Section("The rows that cost most", "The first row is row 0.", rows=tables.top(found), half=True)
    drawn = Section("The losses", "Value, gradient and curvature.", [plot(*_alike(found))])
    halves = [pull, *parts, *terms, top]
    odd = [*halves[:-1], replace(top, half=False)] if len(halves) % 2 else halves
    return [*odd, drawn]


def _alike(found: Explanation) -> list[Loss]:
    losses = [each.loss for each in found.leverage]
    return [loss for loss in losses if view(loss).axis == view(losses[0]).axis][: len(SERIES)]


def _parts(heading: str, what: str, rows: tuple[Part, ...], count: int) -> Section:
    worst = max(rows, key=lambda part: part.share)
    few = f"{tables.percent(worst.share)} of the loss and {tables.percent(worst.pull)} of the gradient"
    note = f"{worst.group}, {tables.percent(worst.count / max(count, 1))} of the rows, makes {few}."
    return Section(heading, note, [draw_shares(rows)], tables.parts(rows, what, count), half=True)


def _repeat(command: str) -> list[Section]:
    return [Section("Repeat it", command=command)] if command else []
