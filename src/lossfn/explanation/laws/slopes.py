"""Laws of derivatives: the gradient is the slope of the value, the hessian that of the gradient."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossfn.core.arrays import Array
from lossfn.explanation.laws.agree import agree, demand
from lossfn.explanation.laws.case import Case
from lossfn.explanation.laws.conditions import sides
from lossfn.explanation.laws.differences import REACH, difference, room

LEAST = 1 / 8  # the share of terms that must tell something


def gradient(case: Case) -> None:
    """The gradient is the slope of the value, on ordinary terms and further out."""
    if case.loss.differentiable:
        _compare(case, "prediction", "gradient (the slope of the value)")
        _compare(case.further(16.0), "prediction", "gradient (the slope of the value)", least=0.0)


def target_slope(case: Case) -> None:
    """The slope in the target is the slope of the value, where the target is a number."""
    if case.loss.differentiable and list(case.coordinates("target")):
        agree(case, "slope in the target", np.isnan(case.slopes("target")) * 1.0, np.zeros(1))
        _compare(case, "target", "slope in the target")


def hessian(case: Case) -> None:
    """The hessian is the slope of the gradient."""
    if not case.loss.differentiable:
        return
    found = case.curvatures()
    for k, domain in case.coordinates():

        def slope(moved: Case, k: int = k) -> Array:
            return np.asarray(moved.slopes()[k])

        scale = room(domain, case.points[k])
        _along(case, "prediction", k, scale, "hessian (the slope of the gradient)", slope, found[k])


def cross_terms(case: Case) -> None:
    """The full hessian of several predictions is symmetric: each entry is the slope of one gradient along another."""
    if not case.loss.differentiable or case.over_classes:
        return
    full = np.moveaxis(case.loss.hessian_matrix(*case.arguments()).reshape(case.terms, *2 * [len(case.points)]), 0, -1)
    agree(case, "diagonal of the full hessian", np.diagonal(full).T, case.curvatures())
    agree(case, "transpose of the full hessian", full.swapaxes(0, 1), full)
    for i, j in np.argwhere(~np.eye(len(full), dtype=bool)).tolist():

        def slope(moved: Case, i: int = i) -> Array:
            return np.asarray(moved.slopes()[i])

        scale = room(dict(case.coordinates())[j], case.points[j])
        _along(case, "prediction", j, scale, f"entry ({i}, {j}) of the full hessian", slope, full[i, j])


def _compare(case: Case, wrt: str, what: str, least: float = LEAST) -> None:
    found = case.slopes(wrt)
    for k, domain in case.coordinates(wrt):
        x = (case.points if wrt == "prediction" else case.target)[k]
        _along(case, wrt, k, room(domain, x), what, Case.values, found[k], least)


def _along(
    case: Case,
    wrt: str,
    k: int,
    scale: Array,
    what: str,
    answer: Callable[[Case], Array],
    got: Array,
    least: float = LEAST,
) -> None:
    """Compare with differences along one coordinate, wherever no condition changes within reach."""
    reach = np.array([[-1.0], [-0.5], [0.0], [0.5], [1.0]]) * REACH["central"] * scale
    found = sides(case.moved(wrt, k, reach)).reshape(-1, 5, len(got))
    smooth = (scale > 0) & (found == found[:, :1]).all(axis=(0, 1))
    expected, error = difference(case, wrt, k, scale, answer)
    sure = error <= np.maximum(1e-5 * np.maximum(abs(expected), abs(got)), 1e-9)
    demand(
        (smooth & sure).sum() >= len(got) * least, f"{what}: too few terms where differences are exact enough to tell"
    )
    agree(case, what, got, expected, 8 * error + 1e-8 * abs(expected), smooth & sure)
