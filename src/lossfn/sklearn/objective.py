"""The penalised mean loss of a linear model, its gradient, and its hessian times a vector.

mean loss + alpha (l1_ratio ‖β‖₁ + (1 − l1_ratio)/2 ‖β‖₂²), β = γ / scale; the intercept is free. The parameters are
one flat vector: γ of shape (columns, outputs), then the intercepts.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.sklearn.data import Columns, Seen


@dataclass(frozen=True)
class Objective:
    """What is minimised."""

    columns: Columns
    seen: Seen
    ridge: float
    lasso: float
    intercept: bool

    @property
    def shape(self) -> tuple[int, int]:
        """Shape of γ."""
        return self.columns.x.shape[1], self.seen.outputs

    def split(self, flat: Array) -> tuple[Array, Array]:
        """Return γ and the intercepts."""
        columns, outputs = self.shape
        gamma = flat[: columns * outputs].reshape(columns, outputs)
        return gamma, flat[columns * outputs :] if self.intercept else np.zeros(outputs)

    def joined(self, gamma: Array, intercept: Array) -> Array:
        """Return what `split` takes apart."""
        return np.concatenate([gamma.ravel(), intercept] if self.intercept else [gamma.ravel()])

    def scores(self, flat: Array) -> Array:
        """X γ + b."""
        gamma, intercept = self.split(flat)
        return np.asarray(self.columns.x @ gamma + intercept)

    def value_and_grad(self, flat: Array) -> tuple[float, Array]:
        """Return the smooth part, the L1 penalty left out; a step beyond what can be computed is infinitely bad."""
        gamma, _ = self.split(flat)
        value, slope = self.seen.value_and_grad(self.scores(flat))
        if not (np.isfinite(value) and np.isfinite(slope).all()):
            return np.inf, np.zeros_like(flat)
        stiffness = self.ridge / self.columns.scale[:, None] ** 2
        penalty = 0.5 * float((stiffness * gamma**2).sum())
        return value + penalty, self.joined(self.columns.x.T @ slope + stiffness * gamma, slope.sum(axis=0))

    def times_hessian(self, flat: Array, vector: Array) -> Array:
        """Xᵀ f'' X v + the penalty's share."""
        gamma, _ = self.split(vector)
        bent = self.seen.bent(self.scores(flat), self.scores(vector))
        stiffness = self.ridge / self.columns.scale[:, None] ** 2
        return self.joined(self.columns.x.T @ bent + stiffness * gamma, bent.sum(axis=0))

    def lasso_weights(self) -> Array:
        """Return what each parameter's size costs."""
        each = np.repeat(self.lasso / self.columns.scale, self.seen.outputs)
        return self.joined(each, np.zeros(self.seen.outputs))

    def model(self, flat: Array) -> tuple[Array, Array]:
        """Return coefficients of shape (outputs, columns) and intercepts, for columns as they came."""
        gamma, intercept = self.split(flat)
        coefficients = (gamma / self.columns.scale[:, None]).T
        return coefficients, intercept - coefficients @ self.columns.shift

    def start(self, constant: Any) -> Array:
        """Return parameters that predict a constant."""
        return self.joined(np.zeros(self.shape), np.asarray(constant, np.float64))
