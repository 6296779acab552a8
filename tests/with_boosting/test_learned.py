"""One pass gives gradient and curvature and says whether a tree could learn from them."""

import numpy as np
import pytest

import lossfn as lf
from lossfn import boosting
from lossfn.boosting import learn
from lossfn.boosting.room import Room
from lossfn.core.dispatch import STEEP, using
from lossfn.core.errors import ArgumentError
from lossfn.core.kinds import Pointwise
from with_boosting.made import LOSSES
from with_boosting.made import drawn as drawn_for

ROWS = 8192 + 37  # a block and a part of a vector
ENGINES = ["native", "reference"]


def learned(loss, score, target, weight=None, rule="exact", kept_as=np.float64):
    return learn.learned(boosting.xgboost(loss, hessian=rule).raw, score, target, weight, kept_as, Room())


def drawn(rows=ROWS):
    rng = np.random.default_rng(0)
    return rng.normal(size=rows), rng.normal(size=rows), rng.uniform(0.5, 2.0, rows)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("rows", [5, ROWS])
@pytest.mark.parametrize("loss", [lf.Poisson(), lf.GaussianNLL()], ids=repr)
def test_the_total_is_that_of_the_curvatures(engine, rows, loss):
    score, target, weight = drawn(rows)
    score = np.stack([score, target], axis=1) if len(loss.predictions) > 1 else score
    for weights in (None, weight):
        with using(engine):
            gradient, bent, total = learned(loss, score, abs(target), weights, "fisher")
        assert total == pytest.approx(bent.sum(), rel=1e-12)
        assert gradient.shape == bent.shape == score.shape


SPOILT = [(9.0, lf.Welsch()), (np.nan, lf.SquaredError()), (2e38, lf.SquaredError()), (1e3, lf.Poisson())]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("row", [0, 17, 8191, ROWS - 1])
@pytest.mark.parametrize(("bad", "loss"), SPOILT, ids=str)
def test_one_row_spoils_the_total(engine, row, bad, loss):
    score, weight = np.full(ROWS, 0.25), np.full(ROWS, 0.5)
    score[row] = bad
    none = np.where(np.arange(ROWS) == row, 0.0, weight)
    with using(engine):
        for weights in (None, 2.0 * weight):
            assert not 0.0 < learned(loss, score, np.zeros(ROWS), weights)[2] < STEEP
        assert 0.0 < learned(loss, score, np.zeros(ROWS), none)[2] < STEEP


@pytest.mark.parametrize("bits", [0x7FF8000000000000, 0x7FF80000000007A2, 0xFFFFFFFFFFFFFFFF], ids=hex)
@pytest.mark.parametrize("loss", [loss for loss in LOSSES if isinstance(loss, Pointwise)], ids=repr)
def test_nan_of_any_bits_is_told(loss, bits):
    scores, labels = drawn_for(loss, np.random.default_rng(0))
    scores = np.float64(scores)
    scores.view(np.uint64).reshape(-1)[3] = bits
    with pytest.raises(ArgumentError, match="NaN or inf at row"):
        boosting.lightgbm(loss)(labels, scores)


@pytest.mark.parametrize("rows", [5, ROWS])
def test_lightgbm_is_given_what_it_keeps(rows):
    score, target, weight = drawn(rows)
    objective = boosting.lightgbm(lf.Poisson())
    for weights in (None, weight):
        found = objective(abs(target), score, weights)
        wide = objective.raw.grad_and_hess(score, abs(target), sample_weight=weights)
        for a, b in zip(found, wide, strict=True):
            assert a.dtype == np.float32
            np.testing.assert_allclose(a, b, rtol=2.0**-23, atol=2.0**-24 * np.exp(score.max()))


@pytest.mark.parametrize("weights", [None, np.ones(ROWS)], ids=["plain", "weighted"])
def test_the_engines_own_is_rounded_once(weights):
    score, target, _ = drawn()
    objective = boosting.lightgbm(lf.Poisson(), hessian="engine")
    wide = objective.raw.grad_and_hess(score, abs(target))
    for a, b in zip(objective(abs(target), score, weights), wide, strict=True):
        np.testing.assert_array_equal(a, np.float32(b))


def test_a_finite_slope_that_float32_cannot_hold_is_none_of_the_errors():
    gradient, bent = boosting.catboost(lf.SquaredError(), hessian="exact").derivatives(
        np.array([1e39, 0.0]), np.zeros(2), None
    )
    np.testing.assert_array_equal(gradient, [2e39, 0.0])
    np.testing.assert_array_equal(bent, 2.0)


def test_lightgbm_weighs_what_it_has_rounded():
    score, target, weight = drawn()
    gradient, bent = boosting.lightgbm(lf.SquaredError(), hessian="engine")(target, score, weight)
    np.testing.assert_array_equal(gradient, np.float32(score - target) * np.float32(weight))
    np.testing.assert_array_equal(bent, np.float32(weight))
