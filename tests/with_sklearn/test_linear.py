"""Linear models: the same optimum as scikit-learn's where it has the objective, and what only these can do."""

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from sklearn import linear_model as theirs
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine
from sklearn.exceptions import ConvergenceWarning
from sklearn.preprocessing import scale
from sklearn.svm import SVC, LinearSVC
from sklearn.utils.estimator_checks import parametrize_with_checks

import lossfn as lf
from lossfn.core.errors import DomainError, OptionError, TargetError
from lossfn.sklearn import LossClassifier, LossRegressor

X, Y = load_diabetes(return_X_y=True)
N = len(Y)


@parametrize_with_checks(
    [
        LossRegressor(),
        LossRegressor(lf.Quantile(q=0.7), alpha=0.1),
        LossRegressor(lf.Huber(), alpha=0.1, l1_ratio=0.5),
        LossRegressor(lf.Gamma()),
        LossClassifier(),
        LossClassifier(lf.Exponential()),
        LossClassifier(class_weight="balanced", solver="lbfgs", alpha=0.1),
    ]
)
def test_the_interface_is_scikit_learns(estimator, check):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        check(estimator)


@pytest.mark.parametrize("unit", [1e-6, 1e6, 1e12])
@pytest.mark.parametrize("make", [lambda unit: lf.SquaredError(), lambda unit: lf.Huber(delta=20.0 * unit)])
def test_targets_may_have_any_unit(make, unit):
    with warnings.catch_warnings(action="error"):
        scaled = LossRegressor(make(unit), alpha=0.0).fit(X, unit * Y).predict(X) / unit
    plain = LossRegressor(make(1.0), alpha=0.0).fit(X, Y).predict(X)
    np.testing.assert_allclose(scaled, plain, rtol=1e-5)


REGRESSORS = [
    (lf.HalfSquaredError(), {"alpha": 1 / N}, theirs.Ridge(alpha=1.0)),
    (lf.HalfSquaredError(), {"alpha": 0.5, "l1_ratio": 1.0}, theirs.Lasso(alpha=0.5, tol=1e-10)),
    (lf.HalfSquaredError(), {"alpha": 0.01, "l1_ratio": 0.4}, theirs.ElasticNet(alpha=0.01, l1_ratio=0.4, tol=1e-10)),
    (lf.HalfSquaredError(), {"alpha": 0.01, "fit_intercept": False}, theirs.Ridge(alpha=0.01 * N, fit_intercept=False)),
    (lf.Poisson(), {"alpha": 1e-3}, theirs.PoissonRegressor(alpha=1e-3, solver="newton-cholesky", tol=1e-10)),
    (lf.Gamma(), {"alpha": 1e-3}, theirs.GammaRegressor(alpha=1e-3, solver="newton-cholesky", tol=1e-10)),
    (
        lf.Tweedie(power=1.5),
        {"alpha": 1e-3},
        theirs.TweedieRegressor(power=1.5, alpha=1e-3, solver="newton-cholesky", tol=1e-10),
    ),
    (lf.Quantile(q=0.9), {"alpha": 0.0}, theirs.QuantileRegressor(quantile=0.9, alpha=0.0)),
    (lf.Quantile(q=0.3), {"alpha": 0.02, "l1_ratio": 1.0}, theirs.QuantileRegressor(quantile=0.3, alpha=0.02)),
]


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "options", "peer"), REGRESSORS, ids=repr)
def test_regressors_agree(loss, options, peer, weighted, rng):
    weight = rng.uniform(0.5, 1.5, N) if weighted else None
    if weighted:
        weight *= N / weight.sum()  # scikit-learn's Ridge adds up, the others divide
    mine = LossRegressor(loss, **options).fit(X, Y, sample_weight=weight)
    peer.fit(X, Y, sample_weight=weight)
    np.testing.assert_allclose(mine.coef_, peer.coef_, rtol=1e-4, atol=1e-4 * np.abs(peer.coef_).max())
    np.testing.assert_allclose(mine.intercept_, peer.intercept_, rtol=1e-5)
    np.testing.assert_allclose(mine.predict(X), peer.predict(X), rtol=1e-4)


@pytest.mark.parametrize(("load", "solver"), [(load_breast_cancer, "auto"), (load_wine, "auto"), (load_wine, "lbfgs")])
def test_cross_entropy_is_logistic_regression(load, solver):
    x, y = load(return_X_y=True)
    mine = LossClassifier(alpha=1 / len(y), solver=solver).fit(x, y)
    peer = theirs.LogisticRegression(solver="newton-cholesky", tol=1e-10, max_iter=1000).fit(x, y)
    np.testing.assert_allclose(mine.coef_, peer.coef_, rtol=1e-3, atol=1e-3 * np.abs(peer.coef_).max())
    np.testing.assert_allclose(mine.predict_proba(x), peer.predict_proba(x), atol=1e-4)


def test_hinge_is_the_support_vector_machine():
    x, y = load_breast_cancer(return_X_y=True)
    x = scale(x)
    mine = LossClassifier(lf.Hinge(), alpha=0.01).fit(x, y)
    peer = SVC(kernel="linear", C=100 / len(y), tol=1e-6).fit(x, y)
    np.testing.assert_allclose(mine.coef_, peer.coef_, atol=1e-3)
    assert not hasattr(mine, "predict_proba")
    squared = LossClassifier(lf.SquaredHinge(labels="pm1"), alpha=0.01, fit_intercept=False).fit(x, y)
    peer = LinearSVC(C=100 / len(y), fit_intercept=False, tol=1e-8, max_iter=10000).fit(x, y)
    np.testing.assert_allclose(squared.coef_, peer.coef_, atol=1e-5)


def test_every_way_to_an_optimum_ends_at_the_same():
    for loss in (lf.Huber(delta=20.0), lf.LogCosh(), lf.GaussianNLL()):
        by = [LossRegressor(loss, alpha=1e-3, solver=s).fit(X, Y).predict(X) for s in ("newton", "lbfgs")]
        np.testing.assert_allclose(by[0], by[1], rtol=1e-3)
    exact, round_ = (LossRegressor("absolute_error", alpha=0.0, solver=s).fit(X, Y) for s in ("highs", "newton"))
    np.testing.assert_allclose(round_.predict(X), exact.predict(X), rtol=1e-3)


def test_straight_losses_of_many_pieces_are_solved_exactly(rng):
    x, y = X[:80, :3], Y[:80]
    loss = 0.5 * lf.AbsoluteError() + lf.EpsilonInsensitive(epsilon=30.0)
    model = LossRegressor(loss, alpha=0.0, solver="highs").fit(x, y)
    best = loss(model.predict(x), y)
    for _ in range(200):
        nearby = model.predict(x) + np.column_stack([np.ones(80), x]) @ rng.normal(0, 1, 4)
        assert loss(nearby, y) >= best - 1e-9


@pytest.mark.parametrize(
    ("loss", "columns"),
    [
        (lf.Poisson(), slice(None)),
        (lf.SquaredLogError(), slice(None)),
        (lf.GaussianNLL(), [2, 3, 8]),  # with all ten it falls without end
        (lf.Cauchy(), slice(None)),
        (lf.Quantile(q=0.2), slice(None)),
    ],
)
def test_predictions_do_not_depend_on_the_unit_of_the_columns(loss, columns):
    x = X[:, columns]
    units = np.geomspace(1e-4, 1e4, x.shape[1])
    plain = LossRegressor(loss, alpha=0.0).fit(x, Y).predict(x)
    scaled = LossRegressor(loss, alpha=0.0).fit(x * units, Y).predict(x * units)
    np.testing.assert_allclose(scaled, plain, rtol=1e-3)


def test_a_likelihood_without_a_maximum_is_named():
    x, y = np.arange(4.0)[:, None], np.array([0.0, 1.0, 5.0, 2.0])
    with pytest.warns(ConvergenceWarning, match="falls? without end"):
        LossRegressor(lf.GaussianNLL(), alpha=0.0).fit(x, y)
    # Once all residuals are 0 conjugate gradients are lost in rounding, and have to be ended.
    x, y = np.repeat([[1.0, 3], [2, 1], [3, 3], [4, 1]], 4, axis=0), np.repeat([1.0, 2, 1, 2], 4)
    with pytest.warns(ConvergenceWarning, match="falls? without end"):
        LossRegressor(lf.GaussianNLL()).fit(x, y, np.where(np.arange(16) == 0, 10.0, 1.0))


def test_sparse_columns_give_the_dense_result():
    x = np.where(np.abs(X) > 0.04, X, 0.0)
    for model in (LossRegressor("huber", alpha=1e-3), LossRegressor("quantile", alpha=0.0)):
        dense = model.fit(x, Y).predict(x)
        np.testing.assert_allclose(model.fit(sparse.csr_array(x), Y).predict(sparse.csr_array(x)), dense, rtol=1e-4)


def test_gaussian_answers_with_mean_and_deviation(rng):
    x = rng.uniform(0, 1, (4000, 1))
    y = 2 * x[:, 0] + rng.normal(0, 0.5 + x[:, 0])
    mean, std = LossRegressor(lf.GaussianNLL(), alpha=0.0).fit(x, y).predict([[0.0], [1.0]], return_std=True)
    np.testing.assert_allclose(mean, [0, 2], atol=0.15)
    np.testing.assert_allclose(std, [0.5, 1.5], atol=0.15)
    with pytest.raises(OptionError, match="return_std"):
        LossRegressor().fit(x, y).predict(x, return_std=True)


def test_shares_are_targets_of_a_logistic_regression():
    share = (Y - Y.min()) / (Y.max() - Y.min())
    answer = LossRegressor("binary_cross_entropy_with_logits").fit(X, share).predict(X)
    assert answer.mean() == pytest.approx(share.mean(), abs=1e-6)
    assert answer.min() > 0
    assert answer.max() < 1


def test_balanced_classes_weigh_the_same():
    x, y = load_breast_cancer(return_X_y=True)
    y = np.where(y == 1, "benign", "malignant")
    keep = np.flatnonzero((y == "benign") | (np.arange(len(y)) % 10 == 0))
    x, y = x[keep], y[keep]
    model = LossClassifier(class_weight="balanced").fit(x, y)
    assert model.predict_proba(x)[y == "malignant", 1].sum() / (y == "malignant").sum() > 0.95
    weight = np.where(y == "benign", 1 / (y == "benign").sum(), 1 / (y == "malignant").sum())
    by_hand = LossClassifier().fit(x, y, sample_weight=weight)
    np.testing.assert_allclose(model.coef_, by_hand.coef_, rtol=1e-4, atol=1e-6)


def test_names_of_columns_are_kept_and_checked():
    frame = pd.DataFrame(X[:, :2], columns=["age", "sex"])
    model = LossRegressor().fit(frame, Y)
    assert list(model.feature_names_in_) == ["age", "sex"]
    with pytest.raises(ValueError, match="feature names"):
        model.predict(frame.rename(columns={"age": "years"}))


@pytest.mark.parametrize(
    ("model", "y", "error", "said"),
    [
        (LossRegressor("hinge"), Y, OptionError, "LossClassifier"),
        (LossRegressor("z_loss"), Y, OptionError, "estimates something"),
        (LossRegressor("zero_one"), Y, OptionError, "slope"),
        (LossRegressor("poisson"), Y - 100.0, DomainError, "target"),
        (LossRegressor("huber", solver="highs"), Y, OptionError, "straight pieces"),
        (LossRegressor("huber", solver="newton", l1_ratio=1.0), Y, OptionError, "no L1"),
        (LossClassifier("huber"), Y > 100, OptionError, "LossRegressor"),
        (LossClassifier("hinge"), np.digitize(Y, [100, 200]), OptionError, "OneVsRestClassifier"),
    ],
    ids=lambda v: repr(v)[:40],
)
def test_what_does_not_fit_is_said(model, y, error, said):
    with pytest.raises(error, match=said):
        model.fit(X, y)


def test_too_few_steps_warn():
    with pytest.warns(ConvergenceWarning, match="max_iter=2"):
        LossRegressor("poisson", max_iter=2).fit(X, Y)


@pytest.mark.parametrize("seed", range(12))
def test_rounding_does_not_end_a_fit(seed):
    # Few rows and parameters of little slope: values of neighbours agree to the last digit while slopes do not.
    rng = np.random.default_rng(seed)
    x, y = rng.normal(size=(15, 10)), rng.integers(1, 4, 15).astype(float)
    x[:, 5:] = x[:, :5] + 0.01 * x[:, 5:]
    order = rng.permutation(15)
    one, other = (LossRegressor(lf.Gamma()).fit(x[rows], y[rows]) for rows in (np.arange(15), order))
    np.testing.assert_allclose(one.predict(x), other.predict(x), rtol=1e-9)


@pytest.mark.parametrize("loss", [lf.Poisson(), lf.Gamma(), lf.SquaredError(), lf.Huber(), lf.LogCosh()], ids=repr)
@pytest.mark.parametrize("target", [7.0, 7.1e9, 1.0])
def test_targets_all_alike_are_fitted_without_a_warning(loss, target):
    model = LossRegressor(loss).fit(X, np.full(len(Y), target))
    np.testing.assert_allclose(model.predict(X), target, rtol=1e-9)


def test_a_variance_of_0_is_named():
    with pytest.raises(TargetError, match=r"targets for which GaussianNLL.*all targets alike"):
        LossRegressor(lf.GaussianNLL()).fit(X, np.full(len(Y), 7.0))
