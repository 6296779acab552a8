"""Pictures: a loss with its gradient and curvature, the history of a training, who carries the loss."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core.loss import Loss
from lossfn.explanation.contributions import GroupLoss
from lossfn.explanation.style import INK, MUTED, SERIES, canvas, label_ends
from lossfn.explanation.text import call
from lossfn.explanation.views import View, view

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {"train": "learnt from", "valid": "held out"}
MEASURES = {"loss": "loss", "accuracy": "accuracy", "mse": "mean squared error"}


def draw_loss(loss: Loss) -> Figure:
    """Draw value, gradient and curvature over what fits the loss: residual, margin, logit, probability."""
    shown = view(loss)
    rows = _panels(loss, shown)
    with canvas(len(rows), 3.1 * len(rows), 2.6) as (figure, panels):
        for axes, (title, lines) in zip(panels, rows.items(), strict=True):
            _draw_lines(axes, title, shown.x, lines)
        figure.supxlabel(shown.axis, fontsize=9, color=MUTED)
        figure.suptitle(call(loss), x=0.01, ha="left", fontsize=11, color=INK)
        _label(figure, panels[0], shown)
    return figure


def draw_loss_parts(loss: Loss) -> list[Figure]:
    """Draw what `draw_loss` draws, each panel as a picture of its own."""
    shown, figures = view(loss), []
    for title, lines in _panels(loss, shown).items():
        with canvas(1, 3.6, 2.7) as (figure, (axes,)):
            _draw_lines(axes, title, shown.x, lines)
            axes.set_xlabel(shown.axis)
            _label(figure, axes, shown, "outside upper right")
        figures.append(figure)
    return figures


def draw_history(history: Mapping[str, Sequence[float]], best: int | None = None) -> list[Figure]:
    """Draw the figures of a training over its epochs: one picture for the loss, one for the metric.

    `history` maps names such as train_loss and valid_accuracy to one number per epoch; `best` is an epoch to mark.
    """
    figures = []
    for measure in dict.fromkeys(name.partition("_")[2] for name in history):
        found = [(part, history[f"{part}_{measure}"]) for part in PARTS if f"{part}_{measure}" in history]
        with canvas(1, 5.2, 2.7) as (figure, (axes,)):
            _draw_history(axes, measure, found, best)
        figures.append(figure)
    return figures


def draw_shares(groups: Sequence[GroupLoss], many: int = 12) -> Figure:
    """Draw each group's share of the loss beside its share of the rows, the largest first."""
    shown, rows = groups[:many], max(sum(group.count for group in groups), 1)
    with canvas(1, 5.4, 0.75 + 0.34 * len(shown)) as (figure, (axes,)):
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


def _panels(loss: Loss, shown: View) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"value": [c.value for c in shown.curves]}
    if loss.differentiable:
        rows |= {f"gradient in the {shown.slope_in}": [c.gradient for c in shown.curves]}
        rows |= {"curvature": [c.curvature for c in shown.curves]}
    return rows


def _label(figure: Figure, axes: Axes, shown: View, place: str = "upper right") -> None:
    if len(shown.curves) > 1:
        options: dict[str, Any] = {"loc": place, "ncols": 3, "labelcolor": "linecolor", "handlelength": 1.2}
        options |= {"frameon": False, "fontsize": 8}
        labels = [curve.label for curve in shown.curves]
        figure.legend(axes.get_lines(), labels, **options)


def _draw_history(axes: Axes, measure: str, found: Sequence[tuple[str, Sequence[float]]], best: int | None) -> None:
    from matplotlib.ticker import MaxNLocator

    if best is not None:
        axes.axvline(best, color=MUTED, linewidth=0.8, linestyle=(0, (2, 3)))
    for (_, figures), colour in zip(found, SERIES, strict=False):
        axes.plot(range(1, len(figures) + 1), figures, color=colour)
    axes.set_title(MEASURES.get(measure, measure))
    axes.set_xlabel("epoch" if best is None else "epoch; the dotted one is kept")
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    if measure != "accuracy" and _spans([figure for _, figures in found for figure in figures]):
        axes.set_yscale("log")
    ends = [(figures[-1], PARTS[part], colour) for (part, figures), colour in zip(found, SERIES, strict=False)]
    label_ends(axes, len(found[0][1]), ends)


def _spans(figures: Sequence[float]) -> bool:
    """Tell whether figures are positive and so far apart that only a logarithmic axis shows them."""
    return min(figures) > 0 and max(figures) > 30 * min(figures)
