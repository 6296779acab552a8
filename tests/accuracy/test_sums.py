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
def test_a_mean_of_half_types_does_not_overflow(engine, name):
    prediction = np.full(100_000, 200.0).astype(FORMATS[name].dtype)
    with using(engine):
        mean = lf.SquaredError()(prediction, np.zeros_like(prediction))
    assert mean == 40_000.0
