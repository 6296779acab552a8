"""A picture of who pulls: how much of the gradient the rows with the longest gradients make up, loss by loss."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from lossfn.explanation.style import MUTED, SERIES, canvas
from lossfn.explanation.text import call

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from lossfn.explanation.explained import Leverage


def draw_concentration(found: Sequence[Leverage]) -> Figure:
    """Draw the share of the gradient over the share of the rows, those that pull hardest first."""
    with canvas(1, 5.2, 3.2) as (figure, (axes,)):
        axes.plot([0, 100], [0, 100], color=MUTED, linewidth=0.8, linestyle=(0, (2, 3)))
        for each, colour in zip([one for one in found if np.isfinite(one.pulls).all()], SERIES, strict=False):
            pulls = np.concatenate([[0.0], np.sort(each.pulls)[::-1]])
            rows = np.linspace(0, 100, len(pulls))
            axes.plot(rows, 100 * np.cumsum(pulls), color=colour, label=call(each.loss))
        axes.set_title("% of the gradient, over % of the rows that pull hardest")
        axes.set_xlim(0, 100)
        axes.set_ylim(0, 102)
        axes.legend(loc="lower right", labelcolor="linecolor", frameon=False, fontsize=8)
    return figure
