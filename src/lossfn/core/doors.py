"""The doors of a loss to other libraries: methods that answer with what those take, each imported when opened."""

from __future__ import annotations

from importlib import import_module
from typing import Any


class Doors:
    """What every loss offers to other libraries."""

    def scorer(self) -> Any:
        """Return a scorer for scikit-learn: `cross_val_score(..., scoring=loss.scorer())`, and searches.

        The score is minus the mean loss, for scikit-learn takes the highest. The estimator need not be one of this
        library: a loss of classes reads its `predict_proba`, or else its `decision_function`, a loss of numbers its
        `predict`, brought to the scale the loss takes (`Poisson`: the log of the mean).

        Returns
        -------
        callable(estimator, X, y, *, sample_weight=None) -> float

        Raises
        ------
        ImportError
            If scikit-learn is missing.
        OptionError, DomainError, TargetError
            At the call: if loss and estimator do not fit, a predicted mean is not above 0, a label was not seen.

        Notes
        -----
        `CrossEntropy().scorer()` equals "neg_log_loss", `SquaredError().scorer()` "neg_mean_squared_error".
        Probabilities are kept a rounding away from 0 and 1, as scikit-learn keeps them. `GaussianNLL` asks for
        `predict(X, return_std=True)`.

        Examples
        --------
        >>> import lossfn as lf
        >>> from sklearn.datasets import load_diabetes
        >>> from sklearn.linear_model import QuantileRegressor, Ridge
        >>> from sklearn.model_selection import cross_val_score
        >>> X, y = load_diabetes(return_X_y=True)
        >>> scorer = lf.Quantile(q=0.9).scorer()
        >>> for model in Ridge(), QuantileRegressor(quantile=0.9, alpha=0.0):
        ...     print(cross_val_score(model, X, y, scoring=scorer).mean().round(1))
        -24.6
        -9.7
        """
        return import_module("lossfn.sklearn.scorers").LossScorer(self)
