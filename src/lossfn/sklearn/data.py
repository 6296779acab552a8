"""What a linear model is fitted to: columns brought to one scale, targets as the loss takes them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from lossfn.core.arrays import Array
from lossfn.core.loss import Loss
from lossfn.core.scores import Scored


@dataclass(frozen=True)
class Columns:
    """Columns with mean 0 and one curvature, so that a solver needs few steps; sparse ones are not centred.

    The model is the same: coefficients are divided by `scale` again, the intercept takes up `shift`.
    """

    x: Any
    shift: Array
    scale: Array

    @classmethod
    def of(cls, x: Any, weight: Array | None, centred: bool, stiffness: float) -> Columns:
        """Bring columns to one scale: the root of variance + `stiffness`, what a penalty adds to it."""
        share = np.full(x.shape[0], 1.0 / x.shape[0]) if weight is None else weight / weight.sum()
        mean = x.T @ share
        square = x.multiply(x) if sparse.issparse(x) else x * x
        spread = np.maximum(square.T @ share - mean**2, 0.0)
        spread = np.where(spread > 1e-14 * mean**2, spread, 0.0) + stiffness
        scale = np.sqrt(np.where(spread > 0.0, spread, 1.0))
        if sparse.issparse(x):
            return cls(x @ sparse.diags_array(1.0 / scale), np.zeros_like(mean), scale)
        shift = mean if centred else np.zeros_like(mean)
        return cls((x - shift) / scale, shift, scale)


@dataclass(frozen=True)
class Seen:
    """A loss of scores together with the targets and weights of a fit."""

    scored: Scored
    target: Array
    weight: Array | None

    @classmethod
    def of(cls, loss: Any, y: Array, weight: Array | None, classes: int = 0) -> Seen:
        """Bring targets, or class numbers, into the form the loss takes."""
        scored = Scored.of(loss, classes)
        return cls(scored, scored.truth(y), weight)

    @property
    def loss(self) -> Loss:
        """The loss of scores."""
        return self.scored.loss

    @property
    def outputs(self) -> int:
        """Scores a row."""
        return self.scored.outputs

    @property
    def over_classes(self) -> bool:
        """Whether the loss takes a row of scores."""
        return self.scored.over_classes

    def value_and_grad(self, scores: Array) -> tuple[float, Array]:
        """Return the mean and its slopes in the scores."""
        value, slope = self.scored.value_and_grad(scores, self.target, sample_weight=self.weight)
        return float(value), slope

    def slopes(self, scores: Array) -> tuple[Array, Array]:
        """Return first and second derivatives of each row's loss in its scores, sample weights applied."""
        return self.scored.slopes(scores, self.target, sample_weight=self.weight)

    def mean_curvature(self, constant: Array) -> float:
        """Return the mean second derivative in a score where all scores are one constant."""
        bent = self.slopes(np.tile(constant, (len(self.target), 1)))[1]
        return float(bent.sum()) / self.denominator / self.outputs

    @property
    def denominator(self) -> float:
        """What a mean divides by."""
        return float(len(self.target) if self.weight is None else self.weight.sum())

    def bent(self, scores: Array, change: Array) -> Array:
        """Return the second derivatives of the mean in the scores, times a change of them."""
        if self.over_classes:
            # Classes are coupled: differences of exact slopes, small beside the scores.
            step = 1e-6 / (float(np.abs(change).max()) or 1.0)
            ahead, back = (self.value_and_grad(scores + way * step * change)[1] for way in (1.0, -1.0))
            return np.asarray((ahead - back) / (2.0 * step))
        return np.asarray(np.einsum("nij,nj->ni", self.curvature(scores), change))

    def curvature(self, scores: Array) -> Array:
        """Return the second derivatives of the mean of a pointwise loss in the scores, (n, outputs, outputs)."""
        bent = self.loss.hessian_matrix(self.scored.taken(scores), self.target, sample_weight=self.weight)
        return np.asarray(bent / self.denominator)
