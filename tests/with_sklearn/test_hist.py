"""Histogram gradient boosting: scikit-learn's trees where it has the loss, and all others train."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingClassifier, HistGradientBoostingRegressor

import lossfn as lf
from lossfn.core.answers import kind
from lossfn.core.errors import DomainError, OptionError
from lossfn.sklearn import HistLoss, hist
from semantics.samples import ONE_PREDICTION, name

pytestmark = pytest.mark.usefixtures("one_thread")

X, Y = load_diabetes(return_X_y=True)
TRAINED = [loss for loss in ONE_PREDICTION if not loss.estimates.startswith("nothing")]
SAME = [
    (lf.HalfSquaredError(), "squared_error", 1e-12),
    (lf.Poisson(), "poisson", 1e-12),
    (lf.Gamma(), "gamma", 1e-9),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "theirs", "close"), SAME, ids=repr)
def test_regressions_agree(loss, theirs, close, weighted, rng):
    weight = rng.uniform(0.5, 2.0, len(Y)) if weighted else None
    mine = HistGradientBoostingRegressor(loss=HistLoss(loss), max_iter=10).fit(X, Y, sample_weight=weight)
    peer = HistGradientBoostingRegressor(loss=theirs, max_iter=10).fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(mine.predict(X), peer.predict(X), rtol=close)


@pytest.mark.parametrize(
    ("loss", "load"),
    [
        (lf.BinaryCrossEntropyWithLogits(), load_breast_cancer),
        (lf.BinaryCrossEntropy(), load_breast_cancer),
        (lf.CrossEntropy(), load_breast_cancer),
        (lf.CrossEntropy(), load_wine),
        (lf.NegativeLogLikelihood(), load_wine),
    ],
    ids=lambda x: getattr(x, "__name__", repr(x)),
)
def test_classifications_agree(loss, load):
    x, y = load(return_X_y=True)
    mine = HistGradientBoostingClassifier(loss=HistLoss(loss), max_iter=10).fit(x, y)
    peer = HistGradientBoostingClassifier(max_iter=10).fit(x, y)
    np.testing.assert_allclose(mine.predict_proba(x), peer.predict_proba(x), atol=1e-4)


@pytest.mark.parametrize("loss", TRAINED, ids=name)
def test_every_loss_lowers_itself_in_training(loss):
    two, numbers = kind(loss) == "two classes", kind(loss) == "numbers"
    x, y = (X, Y / 100) if numbers else load_breast_cancer(return_X_y=True) if two else load_wine(return_X_y=True)
    estimator = HistGradientBoostingRegressor if numbers else HistGradientBoostingClassifier
    model = estimator(
        loss=HistLoss(loss), max_iter=8, max_leaf_nodes=8, early_stopping=True, validation_fraction=None
    ).fit(x, y)
    assert model.train_score_[-1] > model.train_score_[0]
    same = pickle.loads(pickle.dumps(clone(model).fit(x, y)))
    np.testing.assert_array_equal(same.predict(x), model.predict(x))


@pytest.mark.parametrize("loss", [lf.Huber(delta=1.0), lf.Cauchy(), lf.LogCosh()], ids=name)
def test_curvature_lies_above_a_loss_of_residuals(loss, rng):
    score, target = rng.normal(0, 4, 50), rng.normal(0, 1, 50)
    slope, bent = HistLoss(loss).gradient_hessian(target, score)
    for other in rng.normal(0, 4, 20):
        bound = loss(score, target, reduction="none") + slope * (other - score) + 0.5 * bent * (other - score) ** 2
        assert (bound - loss(np.full(50, other), target, reduction="none") > -1e-9).all()


def test_the_absolute_error_is_brought_as_low():
    # Not tree for tree: at a residual of 0 the slope is 0 here and -1 there.
    mine = HistGradientBoostingRegressor(loss=HistLoss(lf.AbsoluteError()), max_iter=10).fit(X, Y)
    peer = HistGradientBoostingRegressor(loss="absolute_error", max_iter=10).fit(X, Y)
    loss = lf.AbsoluteError()
    assert loss(mine.predict(X), Y) == pytest.approx(loss(peer.predict(X), Y), rel=0.02)


def test_quantiles_have_their_share_below():
    model = HistGradientBoostingRegressor(loss=HistLoss(lf.Quantile(q=0.8)), max_iter=30).fit(X, Y)
    assert (model.predict(X) > Y).mean() == pytest.approx(0.8, abs=0.05)


@pytest.mark.parametrize("unit", [1e-15, 1e9, 1e15])
@pytest.mark.parametrize("loss", [lf.Poisson(), lf.Gamma(), lf.Tweedie(power=1.5)], ids=repr)
def test_means_may_have_any_unit(loss, unit):
    options = {"max_iter": 1, "learning_rate": 1e-9, "max_leaf_nodes": 2}
    model = HistGradientBoostingRegressor(loss=HistLoss(loss), **options).fit(X, unit * Y)
    np.testing.assert_allclose(model.predict(X), unit * Y.mean(), rtol=1e-6)


@pytest.mark.parametrize("loss", [lf.Cauchy(), lf.Tukey(scale=50.0), lf.Huber(), lf.Poisson()], ids=repr)
def test_rows_without_weight_move_no_start(loss):
    target, weight = np.concatenate([np.full(50, 1e6), Y]), np.concatenate([np.zeros(50), np.ones(len(Y))])
    start = HistLoss(loss).fit_intercept_only(target, weight)
    assert start == pytest.approx(HistLoss(loss).fit_intercept_only(Y), rel=1e-9)


def test_models_may_share_a_loss():
    shared, wine = HistLoss(lf.CrossEntropy()), load_wine(return_X_y=True)
    model = HistGradientBoostingClassifier(loss=shared, max_iter=5).fit(*wine)
    before = model.predict_proba(wine[0])
    HistGradientBoostingClassifier(loss=shared, max_iter=5).fit(*load_breast_cancer(return_X_y=True))
    np.testing.assert_array_equal(model.predict_proba(wine[0]), before)
    assert before.shape == (len(wine[0]), 3)


def test_rows_held_out_stop_a_training():
    x, y = load_breast_cancer(return_X_y=True)
    options = {"max_iter": 200, "early_stopping": True, "validation_fraction": 0.2, "n_iter_no_change": 3}
    for model in (
        HistGradientBoostingRegressor(loss=HistLoss(lf.Huber(delta=50.0)), **options).fit(X, Y),
        HistGradientBoostingClassifier(loss=HistLoss(lf.SquaredHinge()), **options).fit(x, y),
    ):
        assert model.n_iter_ < 200
        assert model.validation_score_.max() > model.validation_score_[0]


class Hill(lf.Pointwise, register=False):
    """Bends downwards."""

    def formula(self, m, prediction, target):
        return -m.square(prediction - target)


def test_what_does_not_fit_is_said(monkeypatch):
    with pytest.raises(OptionError, match="bends upwards"):
        HistGradientBoostingRegressor(loss=HistLoss(Hill())).fit(X, Y)
    with pytest.raises(DomainError, match="target"):
        HistGradientBoostingRegressor(loss=HistLoss("poisson")).fit(X, Y - 100)
    with pytest.raises(OptionError, match="one prediction"):
        HistLoss("gaussian_nll")
    x, y = load_breast_cancer(return_X_y=True)
    model = HistGradientBoostingClassifier(loss=HistLoss(lf.Hinge()), max_iter=20).fit(x, y)
    assert set(model.predict(x)) == {0, 1}
    with pytest.raises(OptionError, match="a loss with probabilities"):
        model.predict_proba(x)
    monkeypatch.setattr(hist.sklearn, "__version__", "1.10.0")
    with pytest.raises(OptionError, match=r"before 1\.10"):
        HistLoss("huber")
