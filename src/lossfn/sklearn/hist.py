"""Histogram gradient boosting of scikit-learn under any loss of one score, or of classes.

`HistGradientBoosting*` takes an instance of scikit-learn's private `BaseLoss` (#16908): slopes and curvature of each
row in buffers of float32, a best constant, and what a score means. Its form is guarded by version.
"""

from __future__ import annotations

from itertools import islice
from typing import Any

import numpy as np
import sklearn
from sklearn._loss.link import BaseLink
from sklearn._loss.loss import BaseLoss
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor
from sklearn.utils.fixes import parse_version
from sklearn.utils.metaestimators import available_if

from lossfn.core.answers import kind, number
from lossfn.core.arrays import Array
from lossfn.core.domain import REAL
from lossfn.core.errors import OptionError, say
from lossfn.engines.reference import M
from lossfn.nn.assignment import probabilities
from lossfn.sklearn.data import Seen
from lossfn.sklearn.labels import has_probabilities
from lossfn.sklearn.losses import built
from lossfn.sklearn.pieces import straight
from lossfn.sklearn.start import best_constant

TESTED = ("1.6", "1.10")  # from the first to before the second


class Reading(BaseLink):
    """What a score means: the number the loss estimates."""

    def __init__(self, loss: Any) -> None:
        self.loss = loss

    def link(self, y_pred: Any, out: Any = None) -> Any:
        """Start values come from the loss itself."""
        return y_pred

    def inverse(self, raw_prediction: Any, out: Any = None) -> Any:
        """Return the number from the score."""
        return np.asarray(number(M, self.loss, raw_prediction))


class HistLoss(BaseLoss):
    """A loss in the form `HistGradientBoostingRegressor` and `HistGradientBoostingClassifier` train with.

    Parameters
    ----------
    loss : Loss or str
        A pointwise loss of one prediction, or a loss over classes; or its name.

    Raises
    ------
    OptionError
        If the loss has several predictions or nothing to learn from, or if scikit-learn's private interface is
        not one this was tested with.

    Notes
    -----
    The curvature of losses of a residual r is f'(r)/r, which lies above the loss and is never negative where the
    exact one may be: for `Huber` min(1, δ/|r|), for `Cauchy` its weight in reweighted least squares. Losses of
    straight pieces have none: it is 1, and of residuals each leaf takes the best constant, as scikit-learn does for
    the absolute error. All others have the exact one; where a loss is not convex, at least |f'|/16.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.sklearn import HistLoss
    >>> from sklearn.datasets import load_diabetes
    >>> from sklearn.ensemble import HistGradientBoostingRegressor
    >>> X, y = load_diabetes(return_X_y=True)
    >>> model = HistGradientBoostingRegressor(loss=HistLoss(lf.Expectile(q=0.9)), max_iter=20).fit(X, y)
    >>> print((model.predict(X) > y).mean() > 0.7)
    True
    """

    def __init__(self, loss: Any) -> None:
        _guard(sklearn.__version__)
        self.given = built(loss)
        if len(self.given.predictions) > 1:
            fix = "boosting.xgboost or boosting.lightgbm, which grow a tree for each"
            raise OptionError(say("loss", expected="a loss of one prediction", got=repr(self.given), fix=fix))
        super().__init__(closs=None, link=Reading(self.given))
        self.straight, self.of_residual = straight(self.given), _of_residual(self.given)
        self.differentiable = not (self.straight and self.of_residual)
        self.constant_hessian = False

    def seen(self, y_true: Array, sample_weight: Any, outputs: int) -> Seen:
        """Return targets in the form the loss takes; outputs are of a model, and models may share this object."""
        return Seen.of(self.given, y_true, sample_weight, max(outputs, 2))

    def fit_intercept_only(self, y_true: Array, sample_weight: Any = None) -> Array:
        """Return the best constant scores; they are asked for first, with all classes present."""
        if kind(self.given) == "classes":
            self.n_classes = int(np.max(y_true)) + 1
            self.is_multiclass = self.n_classes > 2
        constant = best_constant(self.seen(y_true, sample_weight, self.n_classes or 1))
        return constant if self.is_multiclass else constant[0]

    def loss(
        self, y_true: Array, raw_prediction: Array, sample_weight: Any = None, loss_out: Any = None, n_threads: int = 1
    ) -> Array:
        """Return the loss of each row."""
        scores = _table(raw_prediction)
        seen = self.seen(y_true, sample_weight, scores.shape[1])
        terms = seen.scored(scores, seen.target, sample_weight=seen.weight, reduction="none")
        return _into(loss_out, terms)

    def gradient(
        self,
        y_true: Array,
        raw_prediction: Array,
        sample_weight: Any = None,
        gradient_out: Any = None,
        n_threads: int = 1,
    ) -> Array:
        """Return the slope of each row in its scores."""
        return self.gradient_hessian(y_true, raw_prediction, sample_weight, gradient_out)[0]

    def gradient_hessian(
        self,
        y_true: Array,
        raw_prediction: Array,
        sample_weight: Any = None,
        gradient_out: Any = None,
        hessian_out: Any = None,
        n_threads: int = 1,
    ) -> tuple[Array, Array]:
        """Return slope and curvature of each row in its scores."""
        scores = _table(raw_prediction)
        seen = self.seen(y_true, sample_weight, scores.shape[1])
        slope, bent = seen.slopes(scores)
        if self.straight:
            bent = np.ones_like(slope) if sample_weight is None else _table(np.asarray(sample_weight, np.float64))
        elif self.of_residual:
            residual = scores - seen.target[:, None]
            bent = np.divide(slope, residual, out=bent.copy(), where=residual != 0.0)
        elif not self.given.convex:
            bent = np.maximum(bent, np.abs(slope) / 16.0)
        if (bent < 0.0).any():
            expected, got = "a loss that bends upwards, as it says it does", repr(self.given)
            raise OptionError(say("loss", expected=expected, got=got, fix="convex = False in its class"))
        return _into(gradient_out, slope), _into(hessian_out, bent)

    @available_if(lambda self: kind(self.given) != "numbers")  # by it scikit-learn knows a classification
    def predict_proba(self, raw_prediction: Array) -> Array:
        """Return the probabilities of the classes."""
        if not has_probabilities(self.given):
            got, fix = repr(self.given), "predict, or decision_function"
            raise OptionError(say("loss", expected="a loss with probabilities", got=got, fix=fix))
        scores = _table(raw_prediction)
        return probabilities(self.given, scores if scores.shape[1] > 1 else scores[:, 0])


def booster(loss: Any, **options: Any) -> Any:
    """Return the estimator of scikit-learn that trains under a loss."""
    estimator = HistGradientBoostingRegressor if kind(built(loss)) == "numbers" else HistGradientBoostingClassifier
    return estimator(loss=HistLoss(loss), **options)


def raw_scores(model: Any, x: Any, rounds: int) -> Array:
    """Return the scores of a fitted `HistGradientBoosting*` after so many rounds, of shape (n, outputs)."""
    return np.asarray(next(islice(model._staged_raw_predict(np.asarray(x)), rounds - 1, None)))


def _guard(version: str) -> None:
    first, beyond = map(parse_version, TESTED)
    if not first <= parse_version(version) < beyond:
        expected = f"scikit-learn from {TESTED[0]} to before {TESTED[1]}, whose private losses are known"
        fix = "LossRegressor, LossClassifier, or one of the boosting libraries"
        raise OptionError(say("HistLoss", expected=expected, got=version, fix=fix))


def _of_residual(loss: Any) -> bool:
    # f(s, t) = f(s + c, t + c) at some places: no other loss passes by chance.
    if kind(loss) != "numbers" or loss.domains().get("target", REAL) != REAL:
        return False
    score, target = np.array([-2.0, -0.3, 0.1, 0.7, 5.0]), np.array([1.0, -0.4, 3.0, 0.25, -7.0])
    with np.errstate(all="ignore"):
        here, there = (loss(score + c, target + c, reduction="none", check=False) for c in (0.0, 1.5))
    return bool(np.allclose(here, there, rtol=1e-9, atol=0.0))


def _table(raw: Array) -> Array:
    return raw[:, None] if raw.ndim == 1 else raw


def _into(out: Any, result: Array) -> Array:
    if out is None:
        return result[:, 0] if result.ndim == 2 and result.shape[1] == 1 else result
    out[...] = result.reshape(out.shape)
    if not np.isfinite(out).all():
        raise OptionError(say("loss", expected="finite slopes and curvature", got="an infinite or undefined one"))
    return np.asarray(out)
