"""Draw the figure of the README: `python docs/figures.py` writes docs/images/curves.svg."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import lossfn as lf

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


if __name__ == "__main__":
    with plt.rc_context(STYLE):
        draw(Path(__file__).parent / "images" / "curves.svg")
