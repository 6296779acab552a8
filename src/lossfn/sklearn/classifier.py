"""Linear classification under any loss of two or more classes."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils._param_validation import StrOptions

from lossfn.sklearn.base import LinearModel
from lossfn.sklearn.roles import Classifier


class LossClassifier(Classifier, LinearModel):
    """Linear classification under any loss of classes, or of two classes.

    Minimises Σ w_i loss(scores_i, y_i) / Σ w_i + alpha (l1_ratio ‖β‖₁ + (1 − l1_ratio)/2 ‖β‖₂²), the w_i being
    sample_weight times class_weight. Two classes have one score, several have one each.

    Parameters
    ----------
    loss : Loss or str, default "cross_entropy"
        A loss over classes (`CrossEntropy`, `Focal`, …) for any number of them, or one of two classes
        (`BinaryCrossEntropyWithLogits`, `Hinge`, …), or its name.
    alpha, l1_ratio, fit_intercept, solver, max_iter, tol
        As in `LossRegressor`.
    class_weight : dict or "balanced", optional
        Weight of each class; "balanced" gives each the same share of the total.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    coef_ : array of shape (1, n_features) for two classes, else (n_classes, n_features)
    intercept_ : array of shape (1,) or (n_classes,)
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,), where X had column names

    Raises
    ------
    OptionError
        If the loss is one of numbers, or one of two classes and y has more.

    Notes
    -----
    `CrossEntropy` gives `LogisticRegression(C=1/(n·alpha))`, for two classes as for several; `Hinge` gives
    `SVC(kernel="linear")` with the same C, `SquaredHinge` `LinearSVC` but for the latter's penalised intercept.
    Losses without a probability (`Hinge`) have no `predict_proba`; those of focal kind sharpen theirs: recalibrate.
    For several classes under a loss of two: `sklearn.multiclass.OneVsRestClassifier`.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.sklearn import LossClassifier
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> model = LossClassifier(lf.Focal(gamma=2.0), alpha=0.01, class_weight="balanced").fit(X, y)
    >>> print(model.score(X, y) > 0.98, model.predict_proba(X[:2]).argmax(axis=1))
    True [0 0]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **LinearModel._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        loss: Any = "cross_entropy",
        *,
        alpha: float = 1e-4,
        l1_ratio: float = 0.0,
        fit_intercept: bool = True,
        class_weight: Any = None,
        solver: str = "auto",
        max_iter: int = 1000,
        tol: float = 1e-9,
    ) -> None:
        self.loss = loss
        self.alpha = alpha
        self.l1_ratio = l1_ratio
        self.fit_intercept = fit_intercept
        self.class_weight = class_weight
        self.solver = solver
        self.max_iter = max_iter
        self.tol = tol
