"""Sums: rounded once, and the same bits whatever the threads, the layout and the batch."""

import math

import mpmath as mp
import numpy as np
import pytest

import lossfn as lf
from accuracy.formats import FORMATS, error
from lossfn.core.dispatch import using

ENGINES = ("native", "reference")


@pytest.fixture
def residuals(rng):
    return rng.normal(0, 3, 3_000_001).astype(np.float32)


@pytest.fixture
def threads():
    before = lf.get_num_threads()
    yield lf.set_num_threads
    lf.set_num_threads(before)


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


@pytest.mark.parametrize("loss", [lf.BinaryCrossEntropyWithLogits(), lf.LogCosh()], ids=repr)
def test_bits_do_not_depend_on_threads(residuals, threads, loss):
    target = (residuals > 0).astype(np.float32)
    results = []
    for count in (1, 2, 3, 4):
        threads(count)
        value, gradient = loss.value_and_grad(residuals, target)
        results.append((value.tobytes(), gradient.tobytes()))
    assert len(set(results)) == 1


def test_bits_of_rows_do_not_depend_on_threads(rng, threads):
    logits, labels = rng.normal(0, 3, (40_000, 10)).astype(np.float32), rng.integers(0, 10, 40_000)
    results = []
    for count in (1, 2, 3, 4):
        threads(count)
        value, gradient = lf.CrossEntropy().value_and_grad(logits, labels)
        results.append((value.tobytes(), gradient.tobytes()))
    assert len(set(results)) == 1


def layouts(x):
    """Return the same numbers in C, Fortran, strided, reversed, unaligned and big-endian arrays."""
    wide = np.empty((x.shape[0], 2 * x.shape[1]), x.dtype)
    wide[:, ::2] = x
    raw = np.empty(x.nbytes + 1, np.uint8)[1:].view(x.dtype).reshape(x.shape)
    raw[...] = x
    return [
        x,
        np.asfortranarray(x),
        wide[:, ::2],
        x[::-1, ::-1].copy()[::-1, ::-1],
        raw,
        x.astype(x.dtype.newbyteorder()),
    ]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("loss", [lf.BinaryFocal(), lf.Huber()], ids=repr)
def test_bits_do_not_depend_on_the_layout(rng, engine, loss):
    prediction = rng.normal(0, 3, (371, 113)).astype(np.float32)
    target = (prediction > 1).astype(np.float32)
    with using(engine):
        results = [loss.value_and_grad(p, target) for p in layouts(prediction)]
    for value, gradient in results:
        assert value == results[0][0]
        np.testing.assert_array_equal(gradient, results[0][1])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_term_does_not_depend_on_its_batch(rng, engine):
    prediction = rng.normal(0, 3, 1000).astype(np.float32)
    target = (prediction > 1).astype(np.float32)
    loss = lf.BinaryCrossEntropyWithLogits()
    with using(engine):
        terms, gradient = loss.value_and_grad(prediction, target, reduction="none")
        for i in (0, 1, 15, 16, 17, 500, 999):
            alone = loss.value_and_grad(prediction[i : i + 1], target[i : i + 1], reduction="none")
            assert (alone[0][0], alone[1][0]) == (terms[i], gradient[i])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("classes", [3, 10, 200])
def test_a_row_does_not_depend_on_its_batch(rng, engine, classes):
    logits, labels = rng.normal(0, 3, (50, classes)).astype(np.float32), rng.integers(0, classes, 50)
    loss = lf.CrossEntropy(label_smoothing=0.1)
    with using(engine):
        terms, gradient = loss.value_and_grad(logits, labels, reduction="none")
        for i in (0, 1, 15, 16, 31, 49):
            alone = loss.value_and_grad(logits[i : i + 1], labels[i : i + 1], reduction="none")
            assert alone[0][0] == terms[i]
            np.testing.assert_array_equal(alone[1][0], gradient[i])
