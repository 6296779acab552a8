"""Whether a tree can learn from gradients and curvatures, and what is said where it cannot."""

from __future__ import annotations

import math

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.errors import ArgumentError, ShapeError, say

FEW = 8192


def sound(gradient: Array, bent: Array) -> bool:
    """Tell whether all numbers are finite, no curvature is negative and some is positive; in doubt, False."""
    slopes, curve = gradient.ravel("K"), bent.ravel("K")
    if not curve.size or not np.minimum.reduce(curve) >= 0.0 or not (curve[0] > 0.0 or curve.max() > 0.0):
        return False
    # NaN and infinity survive a product and a sum; the former is the quicker call, the latter the quicker pass.
    if curve.size <= FEW:
        return math.isfinite(slopes.dot(curve))
    with np.errstate(over="ignore", invalid="ignore"):
        return math.isfinite(slopes.sum()) and math.isfinite(curve.max())


def tabular(score: Array, outputs: int) -> None:
    """Raise if scores are no table of so many columns; 0 stands for any number of classes."""
    if score.ndim != 2 or score.shape[1] != (outputs or score.shape[1]):
        fix = f"num_class={outputs}" if outputs else "num_class, the number of classes"
        expected = f"a column for each of {outputs} predictions" if outputs else "a column for each class"
        raise ShapeError(say("scores", expected=expected, got=f"shape {score.shape}", fix=fix))


def complain(gradient: Array, bent: Array, rule: str, whole: bool) -> None:
    """Raise if something is wrong: in no row any curvature is wrong where these are all rows there are."""
    wrong = ~(np.isfinite(gradient) & np.isfinite(bent))
    if wrong.any():
        got = f"NaN or inf at row {np.argwhere(wrong)[0][0]}"
        cause = "a label or weight of NaN or infinity, or a learning rate under which the scores ran away"
        raise ArgumentError(say("gradient and hessian", expected="finite numbers", got=got, cause=cause))
    if (bent < 0.0).any():
        place = tuple(np.argwhere(bent < 0.0)[0])
        got, cause = f"{bent[place]:.3g} at row {place[0]} ({rule})", "a loss that is not convex"
        fix = "hessian=None, or floor=1e-6" if rule in ("exact", "engine") else "floor=1e-6"
        raise ArgumentError(say("hessian", expected="numbers >= 0", got=got, cause=cause, fix=fix))
    if whole and gradient.any() and not bent.any():
        fix = "hessian=None, or floor=1.0"
        raise ArgumentError(say("hessian", expected="some number > 0", got=f"0 in every row ({rule})", fix=fix))
