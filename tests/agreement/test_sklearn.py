"""scikit-learn: its metrics, with weights, and the losses its estimators train with, hessians included."""

import numpy as np
import pytest
from sklearn import _loss, metrics
from sklearn.linear_model import _sgd_fast

import lossfn as lf

CLOSE = {"rtol": 1e-12, "atol": 1e-14}
N, K = 40, 4

# Our loss, their metric of (y_true, y_pred), and the kind of arguments.
METRICS = [
    (lf.SquaredError(), metrics.mean_squared_error, "real"),
    (lf.AbsoluteError(), metrics.mean_absolute_error, "real"),
    (lf.SquaredLogError(), metrics.mean_squared_log_error, "positive"),
    (lf.Quantile(q=0.9), lambda t, p, **o: metrics.mean_pinball_loss(t, p, alpha=0.9, **o), "real"),
    (lf.BinaryCrossEntropy(), metrics.log_loss, "probability"),
    (lf.Hinge(), metrics.hinge_loss, "label"),
    (lf.ZeroOne(), lambda t, p, **o: metrics.zero_one_loss(t, p > 0, **o), "label"),
]
# Our loss, theirs, the kind of target.
TRAINED = [
    (lf.HalfSquaredError(), _loss.HalfSquaredError(), "real"),
    (lf.AbsoluteError(), _loss.AbsoluteError(), "real"),
    (lf.Quantile(q=0.3), _loss.PinballLoss(quantile=0.3), "real"),
    (lf.Huber(delta=0.7), _loss.HuberLoss(delta=0.7), "real"),
    (lf.Poisson(), _loss.HalfPoissonLoss(), "count"),
    (lf.Gamma(), _loss.HalfGammaLoss(), "positive"),
    (lf.Tweedie(power=1.3), _loss.HalfTweedieLoss(power=1.3), "count"),
    (lf.BinaryCrossEntropyWithLogits(), _loss.HalfBinomialLoss(), "label"),
]
CURVED = [row for row in TRAINED if type(row[0]) not in (lf.AbsoluteError, lf.Quantile, lf.Huber)]
MARGINS = [
    (lf.Hinge(labels="pm1"), _sgd_fast.Hinge(1.0)),
    (lf.SquaredHinge(labels="pm1"), _sgd_fast.SquaredHinge(1.0)),
    (lf.ModifiedHuber(labels="pm1"), _sgd_fast.ModifiedHuber()),
]


def drawn(kind, rng):
    """Prediction and target of a kind."""
    prediction = rng.normal(0, 2, N)
    if kind in ("probability", "label"):
        return rng.uniform(0.01, 0.99, N) if kind == "probability" else prediction, rng.choice([0.0, 1.0], N)
    if kind == "positive":
        return np.exp(prediction), rng.uniform(0.1, 5, N)
    return prediction, rng.poisson(2, N).astype(float) if kind == "count" else rng.normal(0, 2, N)


def ids(rows):
    return [repr(row[0]) for row in rows]


@pytest.mark.covers(3, 61, 141)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "metric", "kind"), METRICS, ids=ids(METRICS))
def test_metrics(loss, metric, kind, weighted, rng):
    prediction, target = drawn(kind, rng)
    weight = rng.uniform(0, 2, N) if weighted else None
    expected = metric(target, prediction, sample_weight=weight)
    np.testing.assert_allclose(loss(prediction, target, sample_weight=weight), expected, **CLOSE)


@pytest.mark.covers(125)
@pytest.mark.parametrize("weighted", [False, True])
def test_log_loss_of_several_classes(weighted, rng):
    logits, labels = rng.normal(0, 2, (N, K)), rng.integers(0, K, N)
    weight = rng.uniform(0, 2, N) if weighted else None
    expected = metrics.log_loss(labels, lf.softmax(logits), sample_weight=weight, labels=range(K))
    np.testing.assert_allclose(lf.CrossEntropy()(logits, labels, sample_weight=weight), expected, **CLOSE)
    logs = lf.log_softmax(logits)
    np.testing.assert_allclose(lf.NegativeLogLikelihood()(logs, labels, sample_weight=weight), expected, **CLOSE)


@pytest.mark.parametrize(
    ("loss", "deviance"),
    [
        (lf.Poisson(), metrics.mean_poisson_deviance),
        (lf.Gamma(), metrics.mean_gamma_deviance),
        (lf.Tweedie(power=1.5), lambda *a, **o: metrics.mean_tweedie_deviance(*a, power=1.5, **o)),
    ],
    ids=lambda x: getattr(x, "__name__", repr(x)),
)
def test_a_deviance_is_twice_the_excess_over_a_perfect_fit(loss, deviance, rng):
    prediction, target, weight = rng.normal(0, 1, N), rng.uniform(0.1, 5, N), rng.uniform(0, 2, N)
    excess = loss(prediction, target, sample_weight=weight) - loss(np.log(target), target, sample_weight=weight)
    expected = deviance(target, np.exp(prediction), sample_weight=weight)
    np.testing.assert_allclose(2 * excess, expected, rtol=1e-11)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "trained", "kind"), TRAINED, ids=ids(TRAINED))
def test_value_and_gradient_of_estimators(loss, trained, kind, weighted, rng):
    raw, target = drawn(kind, rng)
    weight = rng.uniform(0, 2, N) if weighted else None
    value, gradient = trained.loss_gradient(target, raw, sample_weight=weight)
    terms, slope = loss.value_and_grad(raw, target, sample_weight=weight, reduction="none")
    np.testing.assert_allclose(terms, value, **CLOSE)
    np.testing.assert_allclose(slope, gradient, **CLOSE)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("loss", "trained", "kind"), CURVED, ids=ids(CURVED))
def test_hessian_of_estimators(loss, trained, kind, weighted, rng):
    raw, target = drawn(kind, rng)
    weight = rng.uniform(0, 2, N) if weighted else None
    expected = trained.gradient_hessian(target, raw, sample_weight=weight)
    ours = loss.grad_and_hess(raw, target, sample_weight=weight)
    for got, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(got, np.broadcast_to(other, N), **CLOSE)


def test_multinomial(rng):
    raw, labels, weight = rng.normal(0, 2, (N, K)), rng.integers(0, K, N), rng.uniform(0, 2, N)
    trained, loss = _loss.HalfMultinomialLoss(n_classes=K), lf.CrossEntropy()
    target = labels.astype(float)
    value, gradient = trained.loss_gradient(target, raw, sample_weight=weight)
    terms, slope = loss.value_and_grad(raw, labels, sample_weight=weight, reduction="none")
    np.testing.assert_allclose(terms, value, **CLOSE)
    np.testing.assert_allclose(slope, gradient, **CLOSE)
    hessian = trained.gradient_hessian(target, raw, sample_weight=weight)[1]
    np.testing.assert_allclose(loss.grad_and_hess(raw, labels, sample_weight=weight)[1], hessian, **CLOSE)


@pytest.mark.parametrize(("loss", "trained"), MARGINS, ids=ids(MARGINS))
def test_margin_losses_of_sgd(loss, trained, rng):
    scores, target = rng.normal(0, 2, N), rng.choice([-1.0, 1.0], N)
    terms, gradient = loss.value_and_grad(scores, target, reduction="none")
    np.testing.assert_allclose(terms, [trained.py_loss(*pair) for pair in zip(scores, target, strict=True)], **CLOSE)
    np.testing.assert_allclose(
        gradient, [trained.py_dloss(*pair) for pair in zip(scores, target, strict=True)], **CLOSE
    )


def test_epsilon_insensitive(rng):
    prediction, target = drawn("real", rng)
    trained = _sgd_fast.EpsilonInsensitive(0.5)
    terms, gradient = lf.EpsilonInsensitive(epsilon=0.5).value_and_grad(prediction, target, reduction="none")
    pairs = list(zip(prediction, target, strict=True))
    np.testing.assert_allclose(terms, [trained.py_loss(*pair) for pair in pairs], **CLOSE)
    np.testing.assert_allclose(gradient, [trained.py_dloss(*pair) for pair in pairs], **CLOSE)
