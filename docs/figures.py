"""The figures of the guide; `python docs/figures.py` writes the one of the README, docs/images/curves.svg."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import lossfn as lf
from lossfn.explanation.style import MUTED, SERIES, canvas
from lossfn.explanation.text import call

LOSSES = [lf.HalfSquaredError(), lf.AbsoluteError(), lf.Huber(delta=1.0), lf.Cauchy(scale=1.0)]
PANELS = {"value": (-0.2, 4), "gradient": (-2.2, 2.2), "curvature": (-0.4, 1.3)}  # limits of the vertical axis
STYLE = {"axes.spines.right": False, "axes.spines.top": False, "font.size": 9, "svg.hashsalt": "lossfn"}


def draw(path: Path) -> None:
    """Plot value, gradient and curvature of each loss over the residual."""
    figure, axes = plt.subplots(1, len(PANELS), figsize=(9, 2.8), layout="constrained")
    for axis, (title, limits) in zip(axes, PANELS.items(), strict=True):
        axis.set(title=title, xlabel="prediction − target", ylim=limits)
        axis.grid(alpha=0.2)
    residual = np.linspace(-4, 4, 401)
    zero = np.zeros_like(residual)
    for loss in LOSSES:
        curves = loss(residual, zero, reduction="none"), *loss.grad_and_hess(residual, zero)
        for axis, curve in zip(axes, curves, strict=True):
            axis.plot(residual, curve, label=type(loss).__name__)
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=len(LOSSES), frameon=False)
    figure.savefig(path, metadata={"Date": None}, facecolor="white")


def over_residual(*losses):
    """Value, gradient and curvature of up to three losses, side by side."""
    residual = np.linspace(-3, 3, 601)
    zero = np.zeros_like(residual)
    with canvas(len(PANELS), 9.3, 2.9) as (figure, panels):
        for loss, colour in zip(losses, SERIES, strict=False):
            curves = loss(residual, zero, reduction="none"), *loss.grad_and_hess(residual, zero)
            for axes, curve in zip(panels, curves, strict=True):
                axes.plot(residual, curve, color=colour, label=call(loss))
        for axes, title in zip(panels, PANELS, strict=True):
            axes.set_title(title)
        panels[0].set_ylim(-0.2, 4.5)
        panels[2].set_ylim(-0.4, 2.4)
        figure.supxlabel("residual: prediction − target", fontsize=9, color=MUTED)
        if len(losses) > 1:
            labels = {"labelcolor": "linecolor", "handlelength": 1.2, "frameon": False, "fontsize": 8}
            figure.legend(handles=panels[0].get_lines(), loc="outside upper right", ncols=3, **labels)
    return figure


def with_outlier(x, y, fits):
    """Points, and the line that each loss fits to them."""
    with canvas(1, 6.4, 3.2) as (figure, (axes,)):
        axes.plot(x, y, "o", color=MUTED, markersize=4)
        for (name, line), colour in zip(fits.items(), SERIES, strict=False):
            axes.plot(x, line, color=colour, label=name)
        axes.legend(loc="lower left", labelcolor="linecolor", handlelength=1.2, frameon=False, fontsize=8)
    return figure


if __name__ == "__main__":
    with plt.rc_context(STYLE):
        draw(Path(__file__).parent / "images" / "curves.svg")
