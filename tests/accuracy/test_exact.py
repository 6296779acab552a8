"""Exact sums: rounded once, whatever the signs, the order, the splits and the merges."""

import copy
import math
import pickle
from fractions import Fraction

import mpmath as mp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import lossfn as lf
from accuracy.ulps import error
from lossfn.core import exact_calls
from lossfn.core.dispatch import using
from lossfn.core.errors import DomainError
from lossfn.core.exact import ExactSum, exact_sum
from lossfn.explanation.accuracy.formats import FORMATS
from semantics.samples import LOSSES, OVER_CLASSES, each, name, sample

ENGINES = ("native", "reference")
FINITE = st.floats(allow_nan=False, allow_infinity=False)


@pytest.fixture
def small_parts(monkeypatch):
    monkeypatch.setattr(exact_calls, "PART", 10)


def cancelling(count):
    """Predictions of a Gamma loss whose value is the prediction itself: pairs of both signs, and a few ones."""
    prediction = np.full(count, 20.0, np.float32)
    prediction[1::2] = -20.0
    prediction[:: count // 7] += 1.0
    return prediction, np.broadcast_to(np.float32(1e-37), count)


@given(st.lists(FINITE), st.lists(FINITE))
def test_a_sum_and_a_quotient_are_rounded_once(first, second):
    a, b = (exact_sum(np.array(part, np.float64)) for part in (first, second))
    whole = sum(map(Fraction, first + second), Fraction())
    assert a + b == rounded(whole)
    below = sum(map(Fraction, second), Fraction())
    if below:
        assert a / b == rounded(sum(map(Fraction, first), Fraction()) / below)


def rounded(number):
    try:
        return float(number)
    except OverflowError:
        return math.inf if number > 0 else -math.inf


def test_what_is_not_finite_adds_as_ieee_has_it():
    inf, one = exact_sum(np.array([np.inf, 1.0])), exact_sum(np.array([1.0]))
    assert inf + one == np.inf
    assert math.isnan(inf + exact_sum(np.array([-np.inf])))
    assert math.isnan(one + exact_sum(np.array([np.nan])))
    assert one / inf == 0.0
    assert sum([one, 1.0, 1]) == 3.0


def test_an_exact_sum_is_copied_whole():
    total = exact_sum(np.array([1e16, 1.0]))
    for twin in (copy.deepcopy(total), pickle.loads(pickle.dumps(total))):
        assert isinstance(twin, ExactSum)
        assert twin + -1e16 == 1.0


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_order_splits_and_merges_do_not_show(rng, loss, engine):
    prediction, target = sample(loss, rng, (37,))
    weight = rng.uniform(0, 3, 37)
    order = rng.permutation(37)
    with using(engine):
        whole = loss.accumulate(prediction, target, sample_weight=weight, exact=True)
        moved = cut(loss, prediction, target, weight, order)
        parts = [cut(loss, prediction, target, weight, part) for part in np.split(order, [5, 6, 30])]
        means = [
            loss(*pick(prediction, target, weight, at)[:2], sample_weight=weight[at], exact=True)
            for at in (np.arange(37), order)
        ]
        terms = loss(prediction, target, sample_weight=weight, reduction="none")
    assert moved == sum(parts) == parts[3] + (parts[1] + parts[0]) + parts[2] == whole
    assert whole.total == math.fsum(terms)
    assert means == [whole.mean()] * 2 == [sum(parts).mean()] * 2


def pick(prediction, target, weight, at):
    return each(lambda array: array[at], prediction), target[at], weight[at]


def cut(loss, prediction, target, weight, at):
    prediction, target, weight = pick(prediction, target, weight, at)
    return loss.accumulate(prediction, target, sample_weight=weight, exact=True)


@pytest.mark.usefixtures("small_parts")
@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
def test_the_class_axis_may_lie_anywhere(rng, loss):
    prediction, target = sample(loss, rng, (5, 7))
    turned = target if target.ndim == 2 else np.moveaxis(target, -1, 1)
    last = loss(prediction, target, exact=True)
    assert loss(np.moveaxis(prediction, -1, 1), turned, axis=1, exact=True) == last
    assert last == pytest.approx(loss(prediction, target), rel=1e-14)


@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_terms_of_both_signs_are_rounded_once(rng, reduction):
    prediction, target = cancelling(200_000)
    prediction *= rng.uniform(0.9, 1, prediction.size)
    total = mp.mpf(math.fsum(prediction.astype(np.float64)))
    truth = total / (prediction.size if reduction == "mean" else 1)
    got = lf.Gamma()(prediction, target, reduction=reduction, exact=True)
    assert got.dtype == np.float32
    assert error(float(got), truth, truth, FORMATS["float32"]) <= 0.5 + 2**-20


def test_what_large_terms_hide_is_kept():
    loss, ones = lf.AbsoluteError(), np.ones(4)
    weight = np.array([2.0**60, 1.0, 2.0**-60, 0.0])
    found = loss.accumulate(ones, 0 * ones, sample_weight=weight, exact=True)
    assert found.total + -(2.0**60) + -1.0 == found.denominator + -(2.0**60) + -1.0 == 2.0**-60
    assert found + loss.accumulate([], [], exact=True) == found
    assert found.count == 3


@pytest.mark.usefixtures("small_parts")
def test_a_table_per_column_fits_every_part(rng):
    loss = lf.BinaryCrossEntropyWithLogits(pos_weight=rng.uniform(1, 2, 25))
    for shape in ((25,), (40, 25)):
        prediction, target = sample(loss, rng, shape)
        assert loss(prediction, target, exact=True) == pytest.approx(loss(prediction, target), rel=1e-14)


@pytest.mark.usefixtures("small_parts")
def test_an_offender_is_named_by_its_place_in_the_batch():
    prediction = np.full(50, 0.5)
    prediction[33] = 1.5
    with pytest.raises(DomainError, match="position 33"):
        lf.BinaryCrossEntropy()(prediction, np.zeros(50), exact=True)


@pytest.mark.parametrize("empty", ["zero", "nan"])
def test_an_exact_mean_of_nothing_is_as_chosen(empty):
    got = lf.SquaredError()(np.zeros(0), np.zeros(0), exact=True, empty=empty)
    assert np.array_equal(got, 0.0 if empty == "zero" else np.nan, equal_nan=True)


def test_exact_terms_are_the_terms():
    prediction, target = np.array([1.0, 2.0], np.float32), np.zeros(2, np.float32)
    got = lf.SquaredError()(prediction, target, reduction="none", exact=True)
    assert got.dtype == np.float32
    np.testing.assert_array_equal(got, [1.0, 4.0])


@pytest.mark.slow
@pytest.mark.long
@pytest.mark.parametrize("kind", ["offset", "huge", "cancelling"])
def test_a_hundred_million_terms_are_rounded_once(kind):
    count = 10**8
    if kind == "cancelling":
        loss, (prediction, target) = lf.Gamma(), cancelling(count)
    else:
        loss, prediction, target = lf.AbsoluteError(), np.full(count, 1e4, np.float32), np.zeros(count, np.float32)
        prediction[::3] += 1.0
        prediction[count // 2] = 2.0**40 if kind == "huge" else 1e4
    truth = mp.mpf(float(prediction.sum(dtype=np.float64)))  # whole numbers: nothing is rounded
    for exact in (True,) if kind == "cancelling" else (True, False):
        for reduction, divisor in (("sum", 1), ("mean", count)):
            got = loss(prediction, target, reduction=reduction, exact=exact)
            assert error(float(got), truth / divisor, truth / divisor, FORMATS["float32"]) <= 0.51
