"""Slopes by finite differences, with a bound on how far off they may be."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.domain import Domain
from lossfn.explanation.laws.case import Case

# Offsets in steps, and the factors of the values there: exact for polynomials of degree 8.
CENTRAL = np.array([[-4, -3, -2, -1, 1, 2, 3, 4], [1 / 280, -4 / 105, 1 / 5, -4 / 5, 4 / 5, -1 / 5, 4 / 105, -1 / 280]])
FORWARD = np.array([[0, 1, 2, 3, 4, 5, 6, 7, 8], [-761 / 280, 8, -14, 56 / 3, -35 / 2, 56 / 5, -14 / 3, 8 / 7, -1 / 8]])
STEPS = 2.0 ** np.array([-7, -9, -11, -13, -16, -19])
# How far from a term the rules above look, in units of the scale.
REACH = {"central": 4 * STEPS[0], "forward": 8 * STEPS[0]}
UNIT = 2.0**-52


def difference(
    case: Case, wrt: str, k: int, scale: Array, answer: Callable[[Case], Array], rule: Array = CENTRAL
) -> tuple[Array, Array]:
    """Return the slope of an answer along coordinate k, and how far off it may be.

    Several step sizes are tried; the slope is the one that agrees best with that of the next step.
    """
    offsets, factors = rule
    steps = STEPS[:, None] * scale
    reach = (steps[:, None] * offsets[:, None]).reshape(-1, len(scale))
    with np.errstate(all="ignore"):
        found = answer(case.moved(wrt, k, reach)).reshape(len(steps), len(offsets), len(scale))
        slopes = (found * factors[:, None]).sum(axis=1) / steps
        noise = 2 * UNIT * (abs(found) * abs(factors)[:, None]).sum(axis=1) / steps
        error = abs(np.diff(slopes, axis=0)) + noise[:-1] + noise[1:]
    error = np.where(np.isnan(error), np.inf, error)
    best, terms = error.argmin(axis=0), np.arange(len(scale))
    return slopes[best, terms], error[best, terms]


def room(domain: Domain, x: Array) -> Array:
    """Return how far each number is from the ends of its domain, 1 at most."""
    low, high = getattr(domain, "low", -np.inf), getattr(domain, "high", np.inf)
    with np.errstate(invalid="ignore"):
        return np.asarray(np.clip(np.minimum(x - low, high - x), 0.0, 1.0))
