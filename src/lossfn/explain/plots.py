"""Pictures: a loss with its gradient and curvature, the history of a training, who carries the loss."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core.loss import Loss
from lossfn.explain.contributions import GroupLoss
from lossfn.explain.style import INK, MUTED, SERIES, canvas, label_ends
from lossfn.explain.views import view

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = ("train", "test")


def draw_loss(loss: Loss) -> Figure:
    """Draw value, gradient and curvature over what fits the loss: residual, margin, logit, probability."""
    shown = view(loss)
    rows = {"value": [c.value for c in shown.curves]}
    if loss.differentiable:
        rows |= {f"gradient in the {shown.slope_in}": [c.gradient for c in shown.curves]}
        rows |= {"curvature": [c.curvature for c in shown.curves]}
    with canvas(len(rows), 3.1 * len(rows), 2.6) as (figure, panels):
        for axes, (title, lines) in zip(panels, rows.items(), strict=True):
            _draw_lines(axes, title, shown.x, lines)
        figure.supxlabel(shown.axis, fontsize=9, color=MUTED)
        figure.suptitle(_title(loss), x=0.01, ha="left", fontsize=11, color=INK)
        if len(shown.curves) > 1:
            options: dict[str, Any] = {"labelcolor": "linecolor", "handlelength": 1.2, "frameon": False}
            labels = [curve.label for curve in shown.curves]
            figure.legend(panels[0].get_lines(), labels, loc="upper right", ncols=3, **options)
    return figure


def draw_history(history: Mapping[str, Sequence[float]]) -> Figure:
    """Draw the figures of a training over its epochs: one panel for the loss, one for the metric.

    `history` maps names such as train_loss and test_accuracy to one number per epoch.
    """
    measures = list(dict.fromkeys(name.partition("_")[2] for name in history))
    with canvas(len(measures), 4.6 * len(measures), 2.6) as (figure, panels):
        for axes, measure in zip(panels, measures, strict=True):
            found = [(part, history[f"{part}_{measure}"]) for part in PARTS if f"{part}_{measure}" in history]
            _draw_history(axes, measure, found)
        figure.supxlabel("epoch", fontsize=9, color=MUTED)
    return figure


def draw_shares(groups: Sequence[GroupLoss], many: int = 12) -> Figure:
    """Draw each group's share of the loss beside its share of the rows, the largest first."""
    shown, rows = groups[:many], max(sum(group.count for group in groups), 1)
    with canvas(1, 9.2, 0.75 + 0.34 * len(shown)) as (figure, (axes,)):
        places = np.arange(len(shown))
        axes.barh(places, [100 * group.share for group in shown], height=0.62, color=SERIES[0])
        axes.plot(
            [100 * group.count / rows for group in shown], places, "|", color=INK, markersize=13, markeredgewidth=1.6
        )
        for place, group in enumerate(shown):
            end = 100 * max(group.share, group.count / rows)
            axes.annotate(
                f"{group.share:.1%}", (end, place), (6, 0), textcoords="offset points", va="center", fontsize=8
            )
        axes.set_yticks(places, [group.group for group in shown], color=INK, fontsize=9)
        axes.set_title("share of the loss (bar) and of the rows (mark), in %")
        axes.invert_yaxis()
        axes.grid(visible=False)
        axes.grid(visible=True, axis="x")
        axes.margins(x=0.08)
    return figure


def _draw_lines(axes: Axes, title: str, x: Any, lines: Sequence[Any]) -> None:
    for colour, line in zip(SERIES, lines, strict=False):
        axes.plot(x, line, color=colour)
    axes.set_title(title)
    axes.set_xlim(x[0], x[-1])
    _fit_height(axes, np.concatenate(lines))


def _fit_height(axes: Axes, heights: Any) -> None:
    # A pole would flatten everything else.
    finite = heights[np.isfinite(heights)]
    low, high = finite.min(), finite.max()
    left, right = np.quantile(finite, [0.05, 0.95])
    if right - left > 1e-3 * (high - low):
        low, high = max(low, 2 * left - right), min(high, 2 * right - left)
    room = 0.06 * (high - low) or 0.5
    axes.set_ylim(low - room, high + room)


def _title(loss: Loss) -> str:
    return re.sub(r"\w+=None(, )?", "", repr(loss)).replace(", )", ")").replace("()", "")


def _draw_history(axes: Axes, measure: str, found: Sequence[tuple[str, Sequence[float]]]) -> None:
    for (_, figures), colour in zip(found, SERIES, strict=False):
        axes.plot(range(1, len(figures) + 1), figures, color=colour)
    axes.set_title(measure)
    axes.xaxis.get_major_locator().set_params(integer=True)
    spread = [figure for _, figures in found for figure in figures if figure > 0]
    if (
        measure != "accuracy"
        and spread
        and max(spread) > 30 * min(spread)
        and len(spread) == sum(len(f) for _, f in found)
    ):
        axes.set_yscale("log")
    ends = [(figures[-1], part, colour) for (part, figures), colour in zip(found, SERIES, strict=False)]
    label_ends(axes, len(found[0][1]), ends)
