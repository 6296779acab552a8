"""Several quantiles at once, never crossing."""

from __future__ import annotations

from typing import Any, ClassVar, Self

import numpy as np
from sklearn.base import BaseEstimator, MetaEstimatorMixin, _fit_context, clone
from sklearn.ensemble import HistGradientBoostingRegressor
from sklearn.metrics import d2_pinball_score
from sklearn.utils import get_tags
from sklearn.utils._param_validation import HasMethods
from sklearn.utils.validation import check_is_fitted

from lossfn.core.arrays import Array
from lossfn.core.errors import OptionError, say
from lossfn.losses.quantiles import Quantile
from lossfn.sklearn.hist import HistLoss
from lossfn.sklearn.regressor import LossRegressor


class MultiQuantileRegressor(MetaEstimatorMixin, BaseEstimator):
    """Fits one copy of an estimator for each quantile and sorts their predictions row by row.

    Quantiles that are fitted one by one may cross. Sorting them (Chernozhukov, Fernández-Val and Galichon 2010,
    https://doi.org/10.3982/ECTA7880) suits every estimator, leaves rows alone that do not cross, and where they do
    lowers the sum of the quantile losses by (q₂ − q₁)(p₁ − p₂), whatever the target. Quantiles that cannot cross by
    construction, a lowest one and gaps above 0, are not linear any more and lean on each other.

    Parameters
    ----------
    estimator : estimator with a parameter `loss`, optional
        `LossRegressor`, `MLPRegressor`, or scikit-learn's `HistGradientBoostingRegressor`; `loss` is set.
        Without one, a linear model without a penalty.
    quantiles : sequence of float, default (0.05, 0.5, 0.95)
        Rising, within (0, 1).

    Attributes
    ----------
    estimators_ : list of fitted estimators, one for each quantile
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,), where X had column names

    Raises
    ------
    OptionError
        If the quantiles do not rise.

    Examples
    --------
    >>> from lossfn.sklearn import MultiQuantileRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> low, middle, high = MultiQuantileRegressor(quantiles=(0.1, 0.5, 0.9)).fit(X, y).predict(X).T
    >>> print(((low <= y) & (y <= high)).mean().round(1), (low <= middle).all(), (middle <= high).all())
    0.8 True True
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "estimator": [HasMethods(["fit", "predict"]), None],
        "quantiles": ["array-like"],
    }

    def __init__(self, estimator: Any = None, *, quantiles: Any = (0.05, 0.5, 0.95)) -> None:
        self.estimator = estimator
        self.quantiles = quantiles

    @_fit_context(prefer_skip_nested_validation=False)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to X of shape (n, n_features) and y of shape (n,)."""
        if len(self.quantiles) < 1 or (np.diff(self.quantiles) <= 0.0).any():
            got, fix = repr(self.quantiles), "quantiles=(0.05, 0.5, 0.95)"
            raise OptionError(say("quantiles", expected="numbers that rise", got=got, fix=fix))
        given = {} if sample_weight is None else {"sample_weight": sample_weight}
        self.estimators_ = [self._of(float(q)).fit(X, y, **given) for q in self.quantiles]
        for name in ("n_features_in_", "feature_names_in_"):
            if hasattr(self.estimators_[0], name):
                setattr(self, name, getattr(self.estimators_[0], name))
        return self

    def predict(self, X: Any) -> Array:
        """Return the quantiles, rising in each row, of shape (n, n_quantiles)."""
        check_is_fitted(self)
        return np.sort(np.column_stack([each.predict(X) for each in self.estimators_]), axis=1)

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return the mean over quantiles of 1 − loss / loss of the best constant: at most 1, as R² is."""
        pairs = zip(self.quantiles, self.predict(X).T, strict=True)
        return float(np.mean([d2_pinball_score(y, p, sample_weight=sample_weight, alpha=q) for q, p in pairs]))

    @property
    def _base(self) -> Any:
        return LossRegressor(alpha=0.0) if self.estimator is None else self.estimator

    def _of(self, q: float) -> Any:
        loss = Quantile(q=q)
        base = clone(self._base)
        return base.set_params(loss=HistLoss(loss) if isinstance(base, HistGradientBoostingRegressor) else loss)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags = get_tags(self._base).input_tags
        return tags
