import numpy as np
import pytest
from scipy.special import k1
from scipy.stats import cauchy, norm, t

import lossfn as lf
from lossfn.core.links import into, of_scores
from lossfn.engines.reference import M
from lossfn.sklearn import LossRegressor

SHAPES = (1e-6, 0.01, 0.1, 0.3, 0.5, 1.0, 1.5, 1.9, 1.99, 1.9999)


def density(u, shape):
    u = np.atleast_1d(u)
    predictions = u, np.full(u.shape, shape), np.ones(u.shape)
    return np.exp(-lf.BarronNLL()(predictions, np.zeros(u.shape), reduction="none"))


@pytest.mark.parametrize("shape", SHAPES)
def test_density_integrates_to_one(shape):
    # u = sinh x: the tails of a small shape fall as 1/u², and the trapezoid rule converges exponentially.
    x, step = np.linspace(-60, 60, 12001, retstep=True)
    mass = step * (density(np.sinh(x), shape) * np.cosh(x)).sum()
    assert mass == pytest.approx(1.0, abs=2e-7)


@pytest.mark.parametrize("shape", SHAPES)
def test_residual_costs_what_barron_says(shape):
    near, far = (lf.BarronNLL()(([u], [shape], [2.0]), [0.0]) for u in (0.5, 30.0))
    losses = [lf.Barron(alpha=shape, scale=2.0)([u], [0.0]) for u in (0.5, 30.0)]
    assert far - near == pytest.approx(losses[1] - losses[0], rel=1e-9)


@pytest.mark.parametrize("u", [0.0, 0.3, 2.0, 50.0])
def test_ends_are_cauchy_and_normal_densities(u):
    assert density(u, 1e-9) == pytest.approx(cauchy.pdf(u, scale=np.sqrt(2)), rel=1e-6)
    if u < 40:
        assert density(u, 2 - 1e-9) == pytest.approx(norm.pdf(u), rel=1e-6)


def test_value_at_one_is_known():
    # ∫ exp(1 - √(1 + u²)) du = 2e K₁(1).
    expected = np.sqrt(2) - 1 + np.log(2 * np.e * k1(1.0))
    assert lf.BarronNLL()(([1.0], [1.0], [1.0]), [0.0]) == pytest.approx(expected, abs=2e-9)


@pytest.mark.parametrize("scores", [-1e4, -40.0, 0.0, 40.0, 1e4])
def test_scores_stay_inside_an_open_interval(scores):
    domain = lf.BarronNLL.prediction_domain[1]
    assert into(M, domain, np.array([scores]))[0] in domain
    loss = of_scores(lf.BarronNLL())
    value, slopes = loss.value_and_grad(([0.3], [scores], [0.0]), [1.0])
    assert np.isfinite([value, *(slope[0] for slope in slopes)]).all()


@pytest.mark.parametrize(("degrees", "least", "most"), [(1.5, 0.0, 0.9), (200.0, 1.6, 2.0)])
def test_shape_is_learnt_from_the_tails(rng, degrees, least, most):
    y = 3.0 + 2.0 * t.rvs(degrees, size=3000, random_state=rng)
    nothing = np.zeros((len(y), 1))
    fitted = LossRegressor(lf.BarronNLL()).fit(nothing, y)
    shape = into(M, lf.BarronNLL.prediction_domain[1], fitted.intercept_[1])
    assert least < shape < most
    assert fitted.intercept_[0] == pytest.approx(3.0, abs=0.2)
