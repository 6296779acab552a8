"""A picture of figures over the best of their kind."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from lossfn.explanation.style import SERIES, canvas

if TYPE_CHECKING:
    from matplotlib.figure import Figure


def draw_ratios(names: Sequence[str], measures: Sequence[str], values: NDArray[np.float64]) -> Figure:
    """Draw each figure over the least of its measure, a colour for each name, where that is positive."""
    kept = [place for place in range(len(measures)) if np.nanmin(values[:, place], initial=np.inf) > 0]
    ratios = values[:, kept] / np.nanmin(values[:, kept], axis=0, initial=np.inf)
    with canvas(1, 9.3, 1.1 + 0.36 * len(kept)) as (figure, (axes,)):
        places = np.arange(len(kept))
        for place, (name, row) in enumerate(zip(names, ratios, strict=True)):
            shift = 0.11 * (place - (len(names) - 1) / 2)
            axes.plot(row, places + shift, "o", color=SERIES[place % len(SERIES)], markersize=6, label=name)
        axes.set_xscale("log")
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axes.xaxis.set_minor_formatter(lambda x, _: f"{x:.3g}" if np.nanmax(ratios) < 5 else "")
        axes.set_yticks(places, [measures[place] for place in kept], fontsize=9)
        axes.invert_yaxis()
        axes.grid(visible=True, axis="both")
        options: dict[str, Any] = {"labelcolor": "linecolor", "frameon": False, "fontsize": 8}
        figure.legend(loc="outside upper left", ncols=min(len(names), 4), **options)
    return figure
