"""Networks with scikit-learn's interface: any loss, weights, units."""

import pickle
import warnings

import numpy as np
import pytest
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.model_selection import train_test_split
from sklearn.utils.estimator_checks import parametrize_with_checks

import lossfn as lf
from lossfn.core.answers import kind
from lossfn.core.errors import LossfnError, OptionError
from lossfn.core.scores import Scored
from lossfn.nn import Adam
from lossfn.nn.assignment import Assignment
from lossfn.sklearn import MLPClassifier, MLPRegressor
from lossfn.sklearn.data import Seen
from lossfn.sklearn.network import PenalisedAdam
from lossfn.sklearn.start import best_constant
from semantics.samples import LOSSES, name

X, Y = load_diabetes(return_X_y=True)
CANCER, WINE = load_breast_cancer(return_X_y=True), load_wine(return_X_y=True)
TRAINED = [loss for loss in LOSSES if loss.differentiable and not loss.estimates.startswith("nothing")]
SMALL = {"hidden_layer_sizes": [16], "max_iter": 15, "random_state": 0}


@parametrize_with_checks(
    [
        MLPRegressor(hidden_layer_sizes=[20]),
        MLPRegressor(lf.Quantile(q=0.6), hidden_layer_sizes=[20], batch_size=1000),
        MLPRegressor(lf.Poisson(), hidden_layer_sizes=[20]),
        MLPClassifier(hidden_layer_sizes=[20]),
        MLPClassifier("focal", hidden_layer_sizes=[20], class_weight="balanced", activation="tanh", max_iter=40),
    ]
)
def test_the_interface_is_scikit_learns(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


def data(loss):
    """Rows that fit a loss, and how many classes they have."""
    if kind(loss) == "numbers":
        return X, Y / 100, 0
    return (*CANCER, 2) if kind(loss) == "two classes" else (*WINE, 3)


@pytest.mark.parametrize("loss", TRAINED, ids=name)
def test_every_loss_falls_below_that_of_the_best_constant(loss):
    x, y, classes = data(loss)
    model = (MLPClassifier if classes else MLPRegressor)(loss, **SMALL).fit(x, y)
    seen = Seen.of(loss, y, None, classes)
    constant = seen.value_and_grad(np.tile(best_constant(seen), (len(y), 1)))[0]
    assert seen.value_and_grad(model._scores(x))[0] < constant - 0.01 * abs(constant)


@pytest.mark.parametrize("loss", TRAINED, ids=name)
def test_slopes_in_the_outputs_are_those_of_the_value(loss, rng):
    _, y, classes = data(loss)
    y = y[::7]
    scored = Scored.of(loss, classes)
    start, unit = rng.normal(0, 1, scored.outputs), rng.uniform(0.5, 2.0, scored.outputs)
    what = Assignment(loss, scored, start, unit, classes)
    output, weight = rng.normal(0, 1, (len(y), scored.outputs)), rng.uniform(0, 1, len(y))
    change, step = rng.normal(0, 1, output.shape), 1e-6
    ahead, back = (what.value_and_grad(output + way * step * change, y, sample_weight=weight)[0] for way in (1, -1))
    slope = what.value_and_grad(output, y, sample_weight=weight)[1]
    assert (slope * change).sum() == pytest.approx((ahead - back) / (2 * step), rel=1e-4, abs=1e-7)
    assert what.accumulate(output, y, sample_weight=weight).mean() == pytest.approx((ahead + back) / 2, rel=1e-6)


def test_neither_the_unit_of_the_columns_nor_that_of_the_target_matters():
    model = MLPRegressor(alpha=0.0, **SMALL)
    plain, other = model.fit(X, Y).predict(X), model.fit(1000 * X - 7, 64 * Y + 10).predict(1000 * X - 7)
    np.testing.assert_allclose(other, 64 * plain + 10, rtol=1e-6)


def test_a_penalty_holds_weights_small_and_spares_the_rest():
    weak, strong = (MLPRegressor(alpha=a, learning_rate_init=0.02, **SMALL).fit(X, Y) for a in (1e-4, 1e5))
    assert weak.predict(X).std() > 30
    assert strong.predict(X).std() < 5
    assert strong.predict(X).mean() == pytest.approx(Y.mean(), rel=0.05)
    adam, p, g = Adam(0.1), np.array([1.0, -2.0, 3.0]), np.array([0.5, 0.25, 1.0])
    stiffness = np.array([2.0, 0.0, 0.5])
    both, by_hand = p.copy(), p.copy()
    PenalisedAdam(0.1, stiffness=stiffness).step(both, g, adam.start(p))
    adam.step(by_hand, np.array([2.5, 0.25, 2.5]), adam.start(p))
    np.testing.assert_array_equal(both, by_hand)


def test_numbers_are_what_the_loss_estimates(rng):
    x = rng.uniform(0, 1, (2000, 1))
    y = rng.poisson(np.exp(2 * x[:, 0]))
    model = MLPRegressor("poisson", hidden_layer_sizes=[16], max_iter=40, random_state=0).fit(x, y)
    np.testing.assert_allclose(model.predict([[0.0], [0.5], [1.0]]), np.exp([0.0, 1.0, 2.0]), rtol=0.15)
    y = 3 * np.sin(4 * x[:, 0]) + rng.normal(0, 0.2 + x[:, 0])
    model = MLPRegressor("gaussian_nll", hidden_layer_sizes=[16], max_iter=60, random_state=0).fit(x, y)
    mean, std = model.predict([[0.1], [0.9]], return_std=True)
    np.testing.assert_allclose(mean, 3 * np.sin([0.4, 3.6]), atol=0.4)
    np.testing.assert_allclose(std, [0.3, 1.1], rtol=0.3)


def test_classes_are_learnt_and_named():
    x, y = WINE
    names = np.array(["red", "rosé", "white"])[y]
    inside, outside, learn, check = train_test_split(x, names, random_state=0, stratify=names)
    model = MLPClassifier(max_iter=40, random_state=0).fit(inside, learn)
    assert model.score(outside, check) > 0.95
    np.testing.assert_allclose(model.predict_proba(outside).sum(axis=1), 1.0, rtol=1e-6)
    assert not hasattr(MLPClassifier("hinge"), "predict_proba")


def test_weights_of_classes_are_weights_of_rows():
    x, y = CANCER
    weight = np.where(y == 1, 3.0, 0.5)
    by_class = MLPClassifier(class_weight={0: 0.5, 1: 3.0}, **SMALL).fit(x, y)
    by_row = MLPClassifier(**SMALL).fit(x, y, sample_weight=weight)
    np.testing.assert_array_equal(by_class.predict_proba(x), by_row.predict_proba(x))
    assert (by_class.predict_proba(x) != MLPClassifier(**SMALL).fit(x, y).predict_proba(x)).any()


def test_rows_held_out_are_weighed():
    x, y = np.concatenate([X, X]), np.concatenate([Y, Y + 1e4])
    weight = np.repeat([1.0, 0.0], len(X))
    model = MLPRegressor(early_stopping=True, validation_fraction=0.3, **SMALL).fit(x, y, sample_weight=weight)
    assert max(model.history_["valid_loss"]) < 1e4


def test_type_and_seed_decide_every_bit():
    model = MLPRegressor(**SMALL).fit(X.astype(np.float32), Y)
    assert model.predict(X.astype(np.float32)).dtype == np.float32
    again = pickle.loads(pickle.dumps(MLPRegressor(**SMALL).fit(X.astype(np.float32), Y)))
    np.testing.assert_array_equal(model.predict(X), again.predict(X))


@pytest.mark.parametrize(
    ("model", "y", "error", "said"),
    [
        (MLPRegressor("hinge"), Y, OptionError, "LossClassifier"),
        (MLPClassifier("huber"), Y > 100, OptionError, "LossRegressor"),
        (MLPRegressor("poisson", learning_rate_init=1e4), Y, LossfnError, "smaller learning_rate"),
        (MLPRegressor(hidden_layer_sizes=[0]), Y, OptionError, "at least 1"),
    ],
    ids=lambda v: repr(v)[:40],
)
@pytest.mark.filterwarnings("ignore:overflow")
def test_what_does_not_fit_is_said(model, y, error, said):
    with pytest.raises(error, match=said):
        model.fit(X, y)
