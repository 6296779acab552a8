"""Small networks under any loss, with the interface of scikit-learn's."""

from __future__ import annotations

from typing import Any, ClassVar

from sklearn.utils._param_validation import StrOptions

from lossfn.sklearn.network import Network
from lossfn.sklearn.roles import Classifier, Regressor


class MLPRegressor(Regressor, Network):
    """Regression by a small network under any pointwise loss.

    Trained by Adam on `lossfn.nn`. Columns are standardised inside, outputs begin at the loss's best constant and
    move in the unit of its scores: neither X nor y needs scaling, and a loss sees y in its own unit. `predict`
    answers with what the loss estimates, as in `LossRegressor`.

    Parameters
    ----------
    loss : Loss or str, default "squared_error"
        A pointwise loss of numbers, or its name.
    hidden_layer_sizes : sequence of int, default (64, 64)
        Units of each hidden layer.
    activation : {"relu", "gelu", "tanh"}, default "relu"
        What follows each of them.
    alpha : float, default 1e-4
        Strength of an L2 penalty on the weights, alpha/2 ‖W‖², in the unit of a mean loss.
    batch_size : int, default 32
        Rows a step.
    learning_rate_init : float, default 0.005
        Adam's step.
    max_iter : int, default 200
        Passes over the data, all of them unless stopped early.
    early_stopping : bool, default False
        Whether rows are held out, and the weights kept that lose least on them. Without it noise is learnt by heart.
    validation_fraction : float, default 0.1
        Share of the rows held out.
    n_iter_no_change : int, default 10
        Passes without a better loss on these to stop after.
    random_state : int, RandomState or None, default None
        Source of the first weights, of the order of the rows, and of those held out.

    Attributes
    ----------
    network_ : lossfn.nn.Sequential
    history_ : lossfn.nn.History
    loss_curve_ : list of float, the training loss of each pass
    n_iter_ : int
    n_features_in_ : int
    feature_names_in_ : array of shape (n_features,), where X had column names

    Raises
    ------
    OptionError
        If the loss is one of classes, or cannot be trained with.
    LossfnError
        If the loss becomes infinite: the step is too long.

    Notes
    -----
    Computed in the type of X, float32 or float64. scikit-learn's `MLPRegressor` knows "squared_error" and "poisson";
    its parameters of the same name mean the same, but that it divides `alpha` by the rows of a batch.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.sklearn import MLPRegressor
    >>> from sklearn.datasets import load_diabetes
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = MLPRegressor(lf.Quantile(q=0.9), hidden_layer_sizes=[16], max_iter=30, random_state=0).fit(X, y)
    >>> print(0.8 < (y < model.predict(X)).mean() < 1.0)
    True
    """

    def __init__(
        self,
        loss: Any = "squared_error",
        *,
        hidden_layer_sizes: Any = (64, 64),
        activation: str = "relu",
        alpha: float = 1e-4,
        batch_size: int = 32,
        learning_rate_init: float = 0.005,
        max_iter: int = 200,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        random_state: Any = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.random_state = random_state


class MLPClassifier(Classifier, Network):
    """Classification by a small network under any loss of two or more classes.

    Parameters
    ----------
    loss : Loss or str, default "cross_entropy"
        As in `LossClassifier`.
    class_weight : dict or "balanced", optional
        Weight of each class; "balanced" gives each the same share of the total. scikit-learn's `MLPClassifier` has
        none.
    hidden_layer_sizes, activation, alpha, batch_size, learning_rate_init, max_iter
        As in `MLPRegressor`.
    early_stopping, validation_fraction, n_iter_no_change, random_state
        As in `MLPRegressor`; held-out rows are drawn class by class.

    Attributes
    ----------
    classes_ : array of shape (n_classes,)
    network_, history_, loss_curve_, n_iter_, n_features_in_, feature_names_in_
        As in `MLPRegressor`.

    Raises
    ------
    OptionError
        If the loss is one of numbers, or one of two classes and y has more.
    LossfnError
        If the loss becomes infinite: the step is too long.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.sklearn import MLPClassifier
    >>> from sklearn.datasets import load_wine
    >>> X, y = load_wine(return_X_y=True)
    >>> model = MLPClassifier(lf.Focal(gamma=2.0), class_weight="balanced", max_iter=30, random_state=0).fit(X, y)
    >>> print(model.score(X, y) > 0.98, model.predict_proba(X[:2]).argmax(axis=1))
    True [0 0]
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Network._parameter_constraints,
        "class_weight": [dict, StrOptions({"balanced"}), None],
    }

    def __init__(
        self,
        loss: Any = "cross_entropy",
        *,
        hidden_layer_sizes: Any = (64, 64),
        activation: str = "relu",
        alpha: float = 1e-4,
        batch_size: int = 32,
        learning_rate_init: float = 0.005,
        max_iter: int = 200,
        early_stopping: bool = False,
        validation_fraction: float = 0.1,
        n_iter_no_change: int = 10,
        class_weight: Any = None,
        random_state: Any = None,
    ) -> None:
        self.loss = loss
        self.hidden_layer_sizes = hidden_layer_sizes
        self.activation = activation
        self.alpha = alpha
        self.batch_size = batch_size
        self.learning_rate_init = learning_rate_init
        self.max_iter = max_iter
        self.early_stopping = early_stopping
        self.validation_fraction = validation_fraction
        self.n_iter_no_change = n_iter_no_change
        self.class_weight = class_weight
        self.random_state = random_state
