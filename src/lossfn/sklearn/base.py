"""What the linear models share: parameters, the fit, the scores."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from lossfn.core.arrays import Array
from lossfn.core.loss import Loss
from lossfn.sklearn.data import Columns, Seen
from lossfn.sklearn.objective import Objective
from lossfn.sklearn.solvers import SOLVERS, solve
from lossfn.sklearn.start import best_constant


class LinearModel(BaseEstimator):
    """Scores that are linear in the columns, fitted under a penalised mean loss."""

    _taken: ClassVar[dict[str, Any]] = {"accept_sparse": "csr", "dtype": np.float64}
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [str, Loss],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "fit_intercept": ["boolean"],
        "solver": [StrOptions(set(SOLVERS))],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "tol": [Interval(Real, 0, None, closed="neither")],
    }

    def _fit(self, x: Any, y: Array, weight: Array | None, loss: Loss, classes: int = 0) -> Any:
        seen = Seen.of(loss, y, weight, classes)
        constant = best_constant(seen) if self.fit_intercept else np.zeros(seen.outputs)
        bent = seen.mean_curvature(constant)
        ridge = self.alpha * (1.0 - self.l1_ratio)
        columns = Columns.of(x, weight, self.fit_intercept, ridge / bent if bent > 0.0 else 0.0)
        objective = Objective(columns, seen, ridge, self.alpha * self.l1_ratio, self.fit_intercept)
        found, self.n_iter_ = solve(objective, objective.start(constant), self.solver, self.max_iter, self.tol)
        coefficients, intercept = objective.model(found)
        single = seen.outputs == 1 and not classes
        self.coef_ = coefficients[0] if single else coefficients
        self.intercept_ = float(intercept[0]) if single else intercept
        return self

    def _scores(self, x: Any) -> Array:
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, **self._taken)
        return np.asarray(x @ np.atleast_2d(self.coef_).T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
