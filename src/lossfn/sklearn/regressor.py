"""Linear regression under any loss of numbers."""

from __future__ import annotations

from typing import Any

from lossfn.sklearn.base import LinearModel
from lossfn.sklearn.roles import Regressor


class LossRegressor(Regressor, LinearModel):
    """Linear regression under any pointwise loss.

    Minimises Σ w_i loss(x_iᵀβ + b, y_i) / Σ w_i + alpha (l1_ratio ‖β‖₁ + (1 − l1_ratio)/2 ‖β‖₂²); the intercept b
    is free and starts at the loss's own optimum. `predict` answers with what the loss estimates: the mean under
    `Poisson`, although its scores are logarithms, the quantile under `Quantile`, a probability under
    `BinaryCrossEntropyWithLogits` (targets may be shares in [0, 1]).

    Parameters
    ----------
    loss : Loss or str, default "squared_error"
        A pointwise loss of numbers, or its name. Losses of two predictions (`GaussianNLL`) have a row of
        coefficients for each.
    alpha : float, default 1e-4
        Strength of the penalty, in the unit of a mean loss: it does not grow with the number of rows.
    l1_ratio : float, default 0.0
        Share of the L1 norm: 0 is the ridge, 1 the lasso, between them the elastic net.
    fit_intercept : bool, default True
        Whether the scores have a constant; it is never penalised.
    solver : {"auto", "lbfgs", "newton", "highs"}, default "auto"
        SciPy's L-BFGS-B; its trust-region Newton method with exact hessian products (no L1 norm), which goes on to
        a thousandth of `tol` since a last step costs little; its linear programs (losses of straight pieces such as
        `Quantile`, `AbsoluteError`, `Hinge`, no L2 norm: exact, but slow beyond some thousand rows). "auto" takes
        the linear program for those up to 5000 rows, else Newton's method, or L-BFGS-B where there is an L1 norm.
    max_iter : int, default 1000
        Steps at most.
    tol : float, default 1e-9
        Largest slope left, relative to the mean slope of the loss at the start.

    Attributes
    ----------
    coef_ : array of shape (n_features,), or (n_predictions, n_features)
    intercept_ : float, or array of shape (n_predictions,)
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,), where X had column names

    Raises
    ------
    OptionError
        If the loss is one of classes, or cannot be trained with, or the solver does not fit it.
    DomainError
        If a target lies outside the loss's domain.

    Notes
    -----
    `HalfSquaredError` gives `Ridge(alpha=n·alpha)`, `Lasso`, `ElasticNet`; `Poisson`, `Gamma` and `Tweedie` give
    scikit-learn's estimators of that name; `Quantile` with l1_ratio=1 gives `QuantileRegressor`. Columns are scaled
    inside, which changes the road and not the result: unscaled data need no more steps.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.sklearn import LossRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = LossRegressor(lf.Quantile(q=0.9), alpha=0.0).fit(X, y)
    >>> print(((y < model.predict(X)).mean()).round(2))
    0.9
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        *,
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        solver: str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-9,
    ) -> None:
        self.loss = loss
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
