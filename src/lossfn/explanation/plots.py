"""Pictures: a loss with its gradient and curvature, the history of a training, who carries the loss."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core.errors import OptionError, say
from lossfn.core.loss import Loss
from lossfn.explanation.contributions import GroupLoss
from lossfn.explanation.style import INK, MUTED, SERIES, canvas, label_ends
from lossfn.explanation.text import call
from lossfn.explanation.views import View, together, view

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PARTS = {"train": "learnt from", "valid": "held out"}
MEASURES = {"loss": "loss", "accuracy": "accuracy", "mse": "mean squared error"}


def plot(*losses: Loss) -> Figure:
    """Draw value, gradient and curvature over what fits: residual, margin, logit, probability; needs matplotlib.

    Parameters
    ----------
    *losses : Loss
        One loss, with a curve for each of several targets; or up to six of one kind, a curve each.

    Returns
    -------
    matplotlib.figure.Figure
        A notebook shows it; `figure.savefig("losses.svg")` writes it.

    Raises
    ------
    OptionError
        Losses that are drawn over different quantities, more of them than colours, or none.

    Examples
    --------
    >>> import lossfn as lf
    >>> figure = lf.plot(lf.AbsoluteError(), lf.HalfSquaredError(), lf.Huber())
    >>> [axes.get_title(loc="left") for axes in figure.axes]
    ['value', 'gradient in the prediction', 'curvature']
    """
    if not 0 < len(losses) <= len(SERIES):
        raise OptionError(say("losses", expected=f"1 to {len(SERIES)} losses", got=len(losses)))
    title = call(losses[0]) if len(losses) == 1 else ""
    shown = view(losses[0]) if title else together(losses)
    rows = _panels(shown)
    with canvas(len(rows), 3.1 * len(rows), 2.6) as (figure, panels):
        for axes, (name, lines) in zip(panels, rows.items(), strict=True):
            _draw_lines(axes, name, shown.x, lines)
        figure.supxlabel(shown.axis, fontsize=9, color=MUTED)
        if title:
            figure.suptitle(title, x=0.01, ha="left", fontsize=11, color=INK)
        _label(figure, panels[0], shown, "upper right" if title else "outside upper left")
    return figure


def draw_parts(loss: Loss) -> list[Figure]:
    """Draw what `plot` draws of one loss, each panel as a picture of its own."""
    shown, figures = view(loss), []
    for title, lines in _panels(shown).items():
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
    """Draw each group's share of the loss, and of the gradient if known, beside that of the rows, the largest first."""
    shown, rows = groups[:many], max(sum(group.count for group in groups), 1)
    with canvas(1, 5.4, 0.75 + 0.34 * len(shown)) as (figure, (axes,)):
        places = np.arange(len(shown))
        axes.barh(places, [100 * group.share for group in shown], height=0.62, color=SERIES[0])
        axes.plot(
            [100 * group.count / rows for group in shown], places, "|", color=INK, markersize=13, markeredgewidth=1.6
        )
        pulls = [100 * getattr(group, "pull", math.nan) for group in shown]
        axes.plot(pulls, places, "o", color=SERIES[1], markersize=6)
        for place, group in enumerate(shown):
            end = np.nanmax([100 * group.share, 100 * group.count / rows, pulls[place]])
            axes.annotate(
                f"{group.share:.1%}", (end, place), (6, 0), textcoords="offset points", va="center", fontsize=8
            )
        axes.set_yticks(places, [group.group for group in shown], color=INK, fontsize=9)
        pulled = ", gradient (dot)" if np.isfinite(pulls).any() else ""
        axes.set_title(f"% of the loss (bar){pulled} and rows (mark)")
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


def _panels(shown: View) -> dict[str, list[Any]]:
    rows: dict[str, list[Any]] = {"value": [c.value for c in shown.curves]}
    if any(c.gradient is not None for c in shown.curves):
        nothing = np.full(len(shown.x), np.nan)
        rows |= {f"gradient in the {shown.slope_in}": [_or(c.gradient, nothing) for c in shown.curves]}
        rows |= {"curvature": [_or(c.curvature, nothing) for c in shown.curves]}
    return rows


def _or(curve: Any, nothing: Any) -> Any:
    return nothing if curve is None else curve


def _label(figure: Figure, axes: Axes, shown: View, place: str = "upper right") -> None:
    if len(shown.curves) > 1:
        options: dict[str, Any] = {"loc": place, "ncols": len(shown.curves), "handlelength": 1.2}
        options |= {"labelcolor": "linecolor", "frameon": False, "fontsize": 8}
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
