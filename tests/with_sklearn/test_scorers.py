"""Scorers: scikit-learn's where it has the loss, and the same optimum for all."""

import pickle

import numpy as np
import pytest
import sklearn
from sklearn.base import clone
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.ensemble import HistGradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import BayesianRidge, LogisticRegression, PoissonRegressor, Ridge
from sklearn.metrics import get_scorer
from sklearn.model_selection import GridSearchCV, cross_val_score, cross_validate
from sklearn.naive_bayes import GaussianNB
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC

import lossfn as lf
from lossfn.core.answers import kind
from lossfn.core.errors import DomainError, OptionError, TargetError
from lossfn.sklearn import LossClassifier, LossRegressor
from semantics.samples import LOSSES, name

X, Y = load_diabetes(return_X_y=True)
CANCER, WINE = load_breast_cancer(return_X_y=True), load_wine(return_X_y=True)
TRAINED = [loss for loss in LOSSES if loss.differentiable and not loss.estimates.startswith("nothing")]


def halves(x, y):
    return (x[::2], y[::2]), (x[1::2], y[1::2])


@pytest.mark.parametrize(
    ("loss", "theirs", "model"),
    [
        (lf.SquaredError(), "neg_mean_squared_error", Ridge()),
        (lf.AbsoluteError(), "neg_mean_absolute_error", Ridge()),
        (lf.SquaredLogError(), "neg_mean_squared_log_error", PoissonRegressor()),
    ],
    ids=name,
)
def test_regressions_score_the_same(loss, theirs, model, rng):
    fitted, weight = model.fit(X, Y), rng.uniform(0, 1, len(Y))
    mine, known = loss.scorer(), get_scorer(theirs)
    assert mine(fitted, X, Y) == pytest.approx(known(fitted, X, Y), rel=1e-12)
    assert mine(fitted, X, Y, sample_weight=weight) == pytest.approx(
        known(fitted, X, Y, sample_weight=weight), rel=1e-12
    )


def test_deviances_differ_by_what_the_targets_alone_decide():
    models = [PoissonRegressor(alpha=alpha).fit(X, Y) for alpha in (0.1, 10.0)]
    mine = [lf.Poisson().scorer()(model, X, Y) for model in models]
    known = [get_scorer("neg_mean_poisson_deviance")(model, X, Y) / 2 for model in models]
    assert mine[0] - mine[1] == pytest.approx(known[0] - known[1], rel=1e-9)


@pytest.mark.parametrize("data", [CANCER, WINE], ids=["two", "three"])
@pytest.mark.parametrize("model", [GaussianNB(), RandomForestClassifier(10, random_state=0)], ids=repr)
def test_cross_entropy_is_the_log_loss(data, model):
    (x, y), held_out = halves(*data)
    model.fit(x, y)
    expected = pytest.approx(get_scorer("neg_log_loss")(model, *held_out), rel=1e-5)  # it takes 1 - p for the other
    of_two = [lf.BinaryCrossEntropy(), lf.BinaryCrossEntropyWithLogits(), lf.SoftMargin(labels="pm1")]
    for loss in [lf.CrossEntropy(), lf.NegativeLogLikelihood(), *(of_two if len(set(y)) == 2 else ())]:
        assert loss.scorer()(model, *held_out) == expected


def test_what_predict_does_not_answer_is_refused():
    model = LossRegressor(lf.BarronNLL()).fit(X, Y / 100)
    with pytest.raises(OptionError, match="loss: expected a loss of one prediction, or of a mean and a variance"):
        lf.BarronNLL().scorer()(model, X, Y / 100)


@pytest.mark.parametrize("loss", [loss for loss in TRAINED if len(loss.predictions) < 3], ids=name)
def test_every_fitted_model_scores_the_loss_it_was_fitted_to(loss):
    two, numbers = kind(loss) == "two classes", kind(loss) == "numbers"
    x, y = (X, Y / 100) if numbers else CANCER if two else WINE
    model = make_pipeline(StandardScaler(), (LossRegressor if numbers else LossClassifier)(loss, alpha=0.1))
    scores = [loss.scorer()(model.set_params(**{model.steps[1][0] + "__alpha": a}).fit(x, y), x, y) for a in (1e-3, 1)]
    assert scores[0] > scores[1]


@pytest.mark.parametrize("loss", [lf.BinaryCrossEntropyWithLogits(), lf.Exponential(), lf.Hinge()])
def test_scores_are_what_decision_function_gives(loss):
    x, y = CANCER
    model = LossClassifier(loss, alpha=1.0).fit(x, y)
    assert loss.scorer()(model, x, y) == pytest.approx(-loss(model.decision_function(x), y.astype(float)), rel=1e-6)


def test_labels_may_be_names_and_a_part_may_lack_a_class():
    x, y = WINE
    names = np.array(["red", "rosé", "white"])[y]
    model = GaussianNB().fit(x, names)
    only = names != "rosé"
    expected = lf.CrossEntropy().scorer()(GaussianNB().fit(x, y), x[only], y[only])
    assert lf.CrossEntropy().scorer()(model, x[only], names[only]) == pytest.approx(expected, rel=1e-12)
    with pytest.raises(TargetError, match="'orange' in row 1"):
        lf.CrossEntropy().scorer()(model, x[:2], ["red", "orange"])


def test_mean_and_deviation_are_scored_together():
    model = BayesianRidge().fit(X, Y)
    mean, std = model.predict(X, return_std=True)
    assert lf.GaussianNLL().scorer()(model, X, Y) == pytest.approx(-lf.GaussianNLL()((mean, std**2), Y))


def test_shares_are_scored_by_the_probability_predicted():
    share = (Y - Y.min()) / (Y.max() - Y.min())
    for loss in (lf.BinaryCrossEntropyWithLogits(), lf.BinaryCrossEntropy()):
        model = LossRegressor(loss, alpha=0.01).fit(X, share)
        expected = -lf.BinaryCrossEntropy()(model.predict(X), share)
        assert loss.scorer()(model, X, share) == pytest.approx(expected, rel=1e-12)


def test_grids_find_what_the_loss_asks_for():
    loss = lf.Quantile(q=0.9)
    grid = GridSearchCV(
        HistGradientBoostingRegressor(loss="quantile", quantile=0.5, max_iter=20),
        {"quantile": [0.5, 0.9]},
        scoring=loss.scorer(),
        cv=3,
    )
    assert pickle.loads(pickle.dumps(clone(grid).fit(X, Y))).best_params_ == {"quantile": 0.9}


@pytest.mark.parametrize("several", [False, True])
def test_searches_are_fitted_with_weights(several, rng):
    weight, scorer = np.where(np.arange(len(Y)) % 2, rng.uniform(0.5, 2.0, len(Y)), 0.0), lf.Huber().scorer()
    scoring = {"a": scorer, "b": lf.LogCosh().scorer()} if several else scorer
    grid = GridSearchCV(Ridge(), {"alpha": [0.1, 1.0]}, scoring=scoring, refit="a" if several else True, cv=2)
    found = grid.fit(X, Y, sample_weight=weight).cv_results_[f"split0_test_{'a' if several else 'score'}"][0]
    half = len(Y) // 2
    model = Ridge(alpha=0.1).fit(X[half:], Y[half:], weight[half:])
    assert found == pytest.approx(scorer(model, X[:half], Y[:half], sample_weight=weight[:half]))


def test_weights_are_routed(rng):
    weight = rng.uniform(0, 1, len(Y))
    with sklearn.config_context(enable_metadata_routing=True):
        scorer = lf.Huber().scorer().set_score_request(sample_weight=True)
        model = Ridge().set_fit_request(sample_weight=False)
        found = cross_validate(model, X, Y, cv=2, scoring=scorer, params={"sample_weight": weight})["test_score"]
    plain = cross_val_score(Ridge(), X, Y, cv=2, scoring=lf.Huber().scorer())
    half = len(Y) // 2
    by_hand = -lf.Huber()(Ridge().fit(X[half:], Y[half:]).predict(X[:half]), Y[:half], sample_weight=weight[:half])
    assert found[0] == pytest.approx(by_hand)
    assert (found != plain).all()


@pytest.mark.parametrize(
    ("loss", "model", "y", "error", "said"),
    [
        (lf.Huber(), LogisticRegression(), Y > 100, OptionError, "loss of classes"),
        (lf.CrossEntropy(), Ridge(), Y, OptionError, "loss of numbers"),
        (lf.Hinge(), GaussianNB(), Y > 100, OptionError, "decision_function"),
        (lf.Hinge(), LinearSVC(), np.digitize(Y, [100, 200]), OptionError, "3 classes"),
        (lf.Poisson(), Ridge(), Y - 200, DomainError, "numbers above 0"),
    ],
    ids=repr,
)
def test_what_does_not_fit_is_said(loss, model, y, error, said):
    with pytest.raises(error, match=said):
        loss.scorer()(model.fit(X, y), X, y)
