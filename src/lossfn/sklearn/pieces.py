"""Losses made of straight pieces (absolute error, quantile, hinge): a linear program, or corners made round.

Of a convex loss of straight pieces the two outermost lines meet at a point. If the loss there lies on them, there
are no more; else the line that touches it there is one between. Convex, f(s) = max_j (slope_j·s + offset_j).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse
from scipy.optimize import OptimizeResult, linprog
from scipy.special import expit

from lossfn.core.arrays import Array
from lossfn.core.graph import derive
from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss
from lossfn.core.program import trace
from lossfn.sklearn.data import Seen
from lossfn.sklearn.objective import Objective

FAR = 2.0**16


def straight(loss: Any) -> bool:
    """Whether a pointwise loss of one score is convex and has no curvature anywhere."""
    if not isinstance(loss, Pointwise) or len(loss.predictions) > 1 or not loss.convex:
        return False
    value = trace(loss).value
    score = value.tracer.input("prediction")
    bent = derive(derive(value, score), score)
    return bent.verb == "const" and bent.number == 0.0


def lines(loss: Loss, target: Array) -> list[tuple[Array, Array]]:
    """Return slope and offset of the lines of each row's loss, by slope; a line may come twice."""
    far = FAR * (1.0 + np.abs(target))
    found = [_touching(loss, -far, target), _touching(loss, far, target)]
    place = 0
    while place + 1 < len(found):
        between = _between(loss, *found[place], *found[place + 1], target)
        if between is None:
            place += 1
        else:
            found.insert(place + 1, between)
    return found


def _touching(loss: Loss, score: Array, target: Array) -> tuple[Array, Array]:
    value, slope = loss.value_and_grad(score, target, reduction="none")
    return slope, value - slope * score


def _between(loss: Loss, a: Array, b: Array, c: Array, d: Array, target: Array) -> Any:
    # Lines a·s + b and c·s + d meet at (b - d)/(c - a).
    meeting = np.divide(b - d, c - a, out=np.zeros_like(a), where=c > a)
    value = loss(meeting, target, reduction="none")
    above = (value - (a * meeting + b) > 1e-8 * (1.0 + np.abs(target))) & (c > a)
    if not above.any():
        return None
    slope, offset = _touching(loss, meeting, target)
    return np.where(above, slope, a), np.where(above, offset, b)


@dataclass(frozen=True)
class Softened(Seen):
    """The same with each corner rounded: max(s − k, 0) becomes w·softplus((s − k)/w), higher by w·log 2 at most."""

    width: float
    corners: tuple[Array, Array, Array, Array]

    @classmethod
    def all(cls, seen: Seen, widths: Sequence[float]) -> list[Softened]:
        """Return one softened loss for each width, given in deviations of the corners."""
        found = lines(seen.loss, seen.target)
        slopes, offsets = np.stack([slope for slope, _ in found]), np.stack([offset for _, offset in found])
        turn = np.diff(slopes, axis=0)
        place = np.divide(-np.diff(offsets, axis=0), turn, out=np.zeros_like(turn), where=turn > 0.0)
        corners, size = (slopes[0], offsets[0], turn, place), float(place.std()) or 1.0
        return [cls(seen.scored, seen.target, seen.weight, width * size, corners) for width in widths]

    def value_and_grad(self, scores: Array) -> tuple[float, Array]:
        """Return the mean and its slopes in the scores."""
        slope, offset, turn, place = self.corners
        s, share = scores[:, 0], self._share
        beyond = (s - place) / self.width
        value = slope * s + offset + self.width * (turn * np.logaddexp(0.0, beyond)).sum(axis=0)
        return float(share @ value), (share * (slope + (turn * expit(beyond)).sum(axis=0)))[:, None]

    def curvature(self, scores: Array) -> Array:
        """Return the second derivatives, (n, 1, 1)."""
        _, _, turn, place = self.corners
        beyond = (scores[:, 0] - place) / self.width
        bent = (turn * expit(beyond) * expit(-beyond)).sum(axis=0) / self.width
        return np.asarray((self._share * bent)[:, None, None])

    @property
    def _share(self) -> Array:
        weight = np.ones(len(self.target)) if self.weight is None else self.weight
        return weight / self.denominator


def linear_program(objective: Objective, max_iter: int) -> tuple[Array, OptimizeResult]:
    """Minimise Σ w_i u_i + price·|γ| under u_i >= slope_ij·s_i + offset_ij with HiGHS: exact, L1 penalty or none."""
    seen, rows = objective.seen, len(objective.seen.target)
    found = lines(seen.loss, seen.target)
    weight = np.ones(rows) if seen.weight is None else seen.weight
    x = sparse.csr_array(objective.columns.x)
    x = sparse.hstack([x, np.ones((rows, 1))], "csr") if objective.intercept else x
    steep = [sparse.diags_array(slope) @ x for slope, _ in found]
    parts = [[each, -each, -sparse.eye_array(rows)] for each in steep]
    price = objective.lasso_weights()
    result = linprog(
        np.concatenate([price, price, weight / weight.sum()]),
        A_ub=sparse.block_array(parts, format="csr"),
        b_ub=-np.concatenate([offset for _, offset in found]),
        bounds=[(0.0, None)] * (2 * len(price)) + [(None, None)] * rows,
        method="highs",
        options={"maxiter": 100 * max_iter},
    )
    return result.x[: len(price)] - result.x[len(price) : 2 * len(price)], result
