"""The report of a comparison."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lossfn.comparison.tables import cells
from lossfn.explanation.plots import plot
from lossfn.explanation.ratios import draw_ratios
from lossfn.explanation.report import Section, report
from lossfn.explanation.style import SERIES
from lossfn.explanation.text import call
from lossfn.explanation.views import view

if TYPE_CHECKING:
    from lossfn.comparison.compare import Comparison


def page(found: Comparison, command: str = "") -> str:
    """Return a page on what each training costs by each measure: a table, a picture, the losses themselves."""
    rows, names = len(found.data.x_test), [call(loss) for loss in found.losses]
    tiles = [
        ("trainings", f"{len(names)}"),
        ("rows to learn from", f"{len(found.data.x_train)}"),
        ("rows to test on", f"{rows}"),
        ("training time", f"{sum(found.seconds):.1f} s"),
    ]
    best = "Means over the test rows; * marks the least of each column."
    ratios = "Each measure over its least value: a dot at 1.1 costs a tenth more than the best training."
    drawn = [loss for loss in found.losses if view(loss).axis == view(found.losses[0]).axis][: len(SERIES)]
    sections = [
        Section("Trained under one, measured by all", best, rows=cells(found)),
        Section("How far from the best", ratios, [draw_ratios(names, found.measures, found.values)]),
        Section("The losses", "Value, gradient and curvature.", [plot(*drawn)]),
        *([Section("Repeat it", command=command)] if command else []),
    ]
    return report(f"{len(names)} losses on {found.data.name}", "The same model under each loss.", tiles, sections)
