"""Sums and means: rounded once where all terms have one sign."""

import math

import mpmath as mp
import numpy as np
import pytest

import lossfn as lf
from accuracy.ulps import error
from lossfn.core.dispatch import using
from lossfn.explanation.accuracy.formats import FORMATS

ENGINES = ("native", "reference")


@pytest.fixture
def residuals(rng):
    return rng.normal(0, 3, 3_000_001).astype(np.float32)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
def test_a_sum_of_one_sign_is_rounded_once(residuals, engine, reduction):
    target = np.zeros_like(residuals)
    exact = math.fsum((residuals.astype(np.float64) ** 2).tolist())
    exact = mp.mpf(exact) / (residuals.size if reduction == "mean" else 1)
    with using(engine):
        got = lf.SquaredError()(residuals, target, reduction=reduction)
    assert got.dtype == np.float32
    assert error(float(got), exact, exact, FORMATS["float32"]) <= 0.51


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("name", ["float16", "bfloat16"])
def test_a_mean_of_half_types_does_not_overflow_and_is_rounded_once(rng, engine, name):
    prediction = (200 + 8 * rng.integers(-9, 9, 100_000)).astype(FORMATS[name].dtype)
    whole = prediction.astype(np.int64)
    with using(engine):
        mean = lf.SquaredError()(prediction, np.zeros_like(prediction))
    truth = mp.mpf(int((whole**2).sum())) / whole.size
    assert mean.dtype == np.float32
    assert error(float(mean), truth, truth, FORMATS["float32"]) <= 0.51


def once(got, truth):
    return error(float(got), mp.mpf(truth), mp.mpf(truth), FORMATS["float32"]) <= 0.51


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("order", "CF")
def test_a_hundred_million_terms_in_four_columns_are_rounded_once(rng, engine, order):
    whole = rng.integers(0, 1024, (25_000_000, 4), np.int16)
    total = mp.mpf(int(np.square(whole, dtype=np.int64).sum())) / 2**20
    prediction = np.divide(whole, 1024, dtype=np.float32, order=order)
    for table in (prediction, prediction.T):
        with using(engine):
            got = lf.SquaredError().accumulate(table, np.zeros_like(table))
            mean = lf.SquaredError()(table, np.zeros_like(table))
        assert once(np.float32(got.total), total)
        assert once(mean, total / whole.size)


@pytest.mark.long
@pytest.mark.parametrize("engine", ENGINES)
def test_millions_of_rows_along_either_axis_are_rounded_once(rng, engine):
    kinds = np.array([[0, 0, 0, 0], [3, 0, 0, 0], [0, 0, -5, 1]], np.float32)
    costs = [mp.log(mp.fsum(map(mp.exp, row))) - row[2] for row in kinds.tolist()]
    drawn = rng.integers(0, 3, 25_000_000)
    logits, labels = kinds[drawn], np.full(drawn.size, 2)
    truth = mp.fsum(int(n) * cost for n, cost in zip(np.bincount(drawn), costs, strict=True)) / drawn.size
    with using(engine):
        assert once(lf.CrossEntropy()(logits, labels), truth)
        assert once(lf.CrossEntropy()(np.ascontiguousarray(logits.T), labels, axis=0), truth)
