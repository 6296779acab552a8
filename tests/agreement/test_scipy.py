"""SciPy: special functions, `least_squares`, and the densities whose negative logarithm a loss is."""

import numpy as np
import pytest
from scipy import optimize, spatial, special, stats

import lossfn as lf

CLOSE = {"rtol": 1e-12, "atol": 1e-13}
N, K = 40, 4
RATE = 1.3


@pytest.mark.covers(65)
@pytest.mark.parametrize("delta", [0.5, 2.0])
@pytest.mark.parametrize(("made", "function"), [(lf.Huber, special.huber), (lf.PseudoHuber, special.pseudo_huber)])
def test_huber(made, function, delta, rng):
    prediction, target = rng.normal(0, 2, (2, N))
    terms = made(delta=delta)(prediction, target, reduction="none")
    np.testing.assert_allclose(terms, function(delta, prediction - target), **CLOSE)


@pytest.mark.parametrize(
    ("loss", "name", "factor"),
    [
        (lf.HalfSquaredError(), "linear", 1.0),
        (lf.Huber(delta=RATE), "huber", 1.0),
        (lf.PseudoHuber(delta=RATE), "soft_l1", 1.0),
        (lf.Cauchy(scale=RATE / np.sqrt(2)), "cauchy", RATE**2 / 2),
    ],
    ids=repr,
)
def test_least_squares(loss, name, factor, rng):
    residuals = rng.normal(0, 2, N)
    result = optimize.least_squares(lambda x: residuals + 0 * x[0], [0.0], loss=name, f_scale=RATE, max_nfev=1)
    np.testing.assert_allclose(factor * loss(residuals, np.zeros(N), reduction="sum"), result.cost, **CLOSE)


@pytest.mark.covers(68, 69, 70)
def test_kl_divergence(rng):
    p, q = rng.dirichlet(np.ones(K), N), rng.dirichlet(np.ones(K), N)
    terms = lf.KLDivergence()(np.log(q), p, reduction="none")
    np.testing.assert_allclose(terms, special.rel_entr(p, q).sum(axis=1), **CLOSE)
    np.testing.assert_allclose(terms, stats.entropy(p, q, axis=1), **CLOSE)
    apart = spatial.distance.jensenshannon(p, q, axis=1)
    np.testing.assert_allclose(lf.JensenShannon()(np.log(q), p, reduction="none"), apart**2, **CLOSE)


# Our loss of (prediction, target), their negative log-density of the same, and what our loss leaves out.
LIKELIHOODS = [
    (lf.HalfSquaredError(), lambda p, t: stats.norm.logpdf(t, p), lambda t: 0.5 * np.log(2 * np.pi)),
    (lf.AbsoluteError(), lambda p, t: stats.laplace.logpdf(t, p), lambda t: np.log(2)),
    (lf.Cauchy(), lambda p, t: stats.cauchy.logpdf(t, p, np.sqrt(2)), lambda t: np.log(np.pi * np.sqrt(2))),
    (lf.Gamma(), lambda p, t: stats.expon.logpdf(t, scale=np.exp(p)), lambda t: 0.0),
    (lf.Poisson(), lambda p, t: stats.poisson.logpmf(t, np.exp(p)), lambda t: special.gammaln(t + 1)),
    (lf.BinaryCrossEntropyWithLogits(), lambda p, t: stats.bernoulli.logpmf(t, special.expit(p)), lambda t: 0.0),
    (lf.SoftMargin(), lambda p, t: stats.logistic.logcdf((2 * t - 1) * p), lambda t: 0.0),
]


@pytest.mark.parametrize(("loss", "log_density", "left_out"), LIKELIHOODS, ids=[repr(row[0]) for row in LIKELIHOODS])
def test_likelihoods(loss, log_density, left_out, rng):
    prediction, target = rng.normal(0, 2, N), rng.normal(0, 2, N)
    if isinstance(loss, lf.Gamma | lf.Poisson):
        target = rng.poisson(2, N) + 0.0 if isinstance(loss, lf.Poisson) else rng.uniform(0.1, 5, N)
    if isinstance(loss, lf.BinaryCrossEntropyWithLogits | lf.SoftMargin):
        target = rng.choice([0.0, 1.0], N)
    terms = loss(prediction, target, reduction="none") + left_out(target)
    np.testing.assert_allclose(terms, -log_density(prediction, target), rtol=1e-11, atol=1e-12)


def test_gaussian(rng):
    mean, variance, target = rng.normal(size=N), rng.uniform(0.1, 3, N), rng.normal(size=N)
    terms = lf.GaussianNLL()((mean, variance), target, reduction="none") + 0.5 * np.log(2 * np.pi)
    np.testing.assert_allclose(terms, -stats.norm.logpdf(target, mean, np.sqrt(variance)), **CLOSE)


def test_the_expectile_is_where_the_loss_is_least(rng):
    data = rng.normal(0, 2, N)
    for q in (0.1, 0.5, 0.8):
        found = stats.expectile(data, alpha=q)
        slope = lf.Expectile(q=q).value_and_grad(np.full(N, found), data)[1].sum()
        np.testing.assert_allclose(slope, 0.0, atol=1e-12)


@pytest.mark.parametrize("loss", [lf.CrossEntropy(), lf.KLFromLogits(), lf.Poisson(), lf.LogCosh()], ids=repr)
def test_gradients_by_differences(loss, rng):
    shape = (3, K) if not isinstance(loss, lf.Pointwise) else (6,)
    prediction = rng.normal(0, 1, shape)
    target = rng.dirichlet(np.ones(K), 3) if not isinstance(loss, lf.Pointwise) else rng.uniform(0, 2, shape)
    slope = optimize.approx_fprime(prediction.reshape(-1), lambda x: loss(x.reshape(shape), target), 1e-7)
    np.testing.assert_allclose(loss.value_and_grad(prediction, target)[1].reshape(-1), slope, rtol=1e-4, atol=1e-6)
