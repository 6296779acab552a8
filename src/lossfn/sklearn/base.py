"""What the linear models share: parameters, the fit, the checks."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from lossfn.core.arrays import Array
from lossfn.core.errors import say
from lossfn.core.loss import Loss
from lossfn.sklearn.data import Columns, Seen
from lossfn.sklearn.objective import Objective
from lossfn.sklearn.solvers import SOLVERS, solve
from lossfn.sklearn.start import best_constant


class LinearModel(BaseEstimator):
    """Scores that are linear in the columns, fitted under a penalised mean loss."""

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

    def _checked(self, x: Any, y: Any, weight: Any, **options: Any) -> tuple[Any, Array, Array | None]:
        x, y = validate_data(self, x, y, accept_sparse="csr", dtype=np.float64, **options)
        weight = None if weight is None else _check_sample_weight(weight, x, dtype=np.float64, ensure_non_negative=True)
        if weight is not None and not weight.any():
            raise ValueError(say("sample_weight", expected="a weight above 0", got="only zeros"))
        return x, y, weight

    def _scores(self, x: Any) -> Array:
        check_is_fitted(self)
        x = validate_data(self, x, accept_sparse="csr", dtype=np.float64, reset=False)
        return np.asarray(x @ np.atleast_2d(self.coef_).T + self.intercept_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = True
        return tags
