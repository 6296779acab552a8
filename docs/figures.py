"""The figures of the guide; `python docs/figures.py` writes the one of the README, docs/images/curves.svg."""

from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import lossfn as lf
from lossfn.explanation.style import MUTED, SERIES, canvas

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


def two_gradients():
    """The slope in the logit of squared error and cross-entropy, for the target 0."""
    logit = np.linspace(-6, 10, 401)
    p = lf.sigmoid(logit)
    with canvas(1, 6.4, 2.8) as (figure, (axes,)):
        for name, slope, colour in (
            ("squared error", p * p * (1 - p), SERIES[0]),
            ("cross-entropy", p, SERIES[1]),
        ):
            axes.plot(logit, slope, color=colour, label=name)
        axes.set_title("gradient in the logit")
        axes.set_xlabel("logit")
        _legend(axes, "upper left")
    return figure


def accuracy_curves(curves):
    """Accuracy over the epochs: a panel for each scale of the first weights, a line for each loss."""
    with canvas(len(curves), 9.3, 2.9) as (figure, panels):
        for axes, (scale, lines) in zip(panels, curves.items(), strict=True):
            for (name, found), colour in zip(lines.items(), SERIES, strict=False):
                axes.plot(range(1, len(found) + 1), found, color=colour, label=name)
            axes.set_title("usual weights" if scale == 1 else "saturated weights")
            axes.set_xlabel("epoch")
            axes.set_xticks([1, 5, 10, 15, 20])
            axes.set_ylim(0, 1.02)
        panels[0].set_ylabel("accuracy")
        _legend(panels[0], "lower right")
    return figure


def training_curves(histories):
    """Loss over the epochs, on a logarithmic axis."""
    with canvas(1, 6.4, 3.0) as (figure, (axes,)):
        for (name, losses), colour in zip(histories.items(), SERIES, strict=False):
            axes.plot(range(1, len(losses) + 1), losses, color=colour, label=name, linewidth=1.2)
        axes.set_yscale("log")
        axes.set_title("mean squared error")
        axes.set_xlabel("epoch")
        _legend(axes, "upper right")
    return figure


def spiral_regions(model, data):
    """Points of three classes, and the regions that a model assigns to them."""
    reach = np.linspace(-2.8, 2.8, 200)
    grid = np.stack(np.meshgrid(reach, reach), axis=-1).reshape(-1, 2)
    regions = model.predict(grid).argmax(axis=1).reshape(200, 200)
    with canvas(1, 4.4, 4.2) as (figure, (axes,)):
        axes.contourf(reach, reach, regions, levels=[-0.5, 0.5, 1.5, 2.5], colors=SERIES[:3], alpha=0.18)
        for label, colour in enumerate(SERIES[:3]):
            axes.plot(*data.x_test[data.y_test == label].T, "o", color=colour, markersize=2.5)
        axes.set_aspect("equal")
        axes.grid(visible=False)
    return figure


def with_outlier(x, y, fits):
    """Points, and the line that each loss fits to them."""
    with canvas(1, 6.4, 3.2) as (figure, (axes,)):
        axes.plot(x, y, "o", color=MUTED, markersize=4)
        for (name, line), colour in zip(fits.items(), SERIES, strict=False):
            axes.plot(x, line, color=colour, label=name)
        _legend(axes, "lower left")
    return figure


def _legend(axes, place):
    axes.legend(loc=place, labelcolor="linecolor", handlelength=1.2, frameon=False, fontsize=8)


if __name__ == "__main__":
    with plt.rc_context(STYLE):
        draw(Path(__file__).parent / "images" / "curves.svg")
