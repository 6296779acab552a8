"""Any memory layout and container gives the same bits, and inputs are never written."""

import numpy as np
import pandas as pd
import polars as pl
import pytest

import lossfn as lf
from semantics.samples import LOSSES, OVER_CLASSES, POINTWISE, N, answers, each, joined, name, parts, sample


def read_only(a):
    copy = a.copy()
    copy.setflags(write=False)
    return copy


def strided(a):
    wide = np.zeros((2 * a.shape[0], *a.shape[1:]), a.dtype)
    wide[::2] = a
    return wide[::2]


def strided_inside(a):
    wide = np.zeros((*a.shape[:-1], 3 * a.shape[-1]), a.dtype)
    wide[..., ::3] = a
    return wide[..., ::3]


def backwards(a):
    return a[::-1].copy()[::-1]


def big_endian(a):
    return a.astype(a.dtype.newbyteorder(">"))


def unaligned(a):
    raw = np.zeros(a.nbytes + 1, np.uint8)
    view = raw[1:].view(a.dtype).reshape(a.shape)
    view[...] = a
    return view


LAYOUTS = [read_only, strided, strided_inside, backwards, np.asfortranarray, big_endian, unaligned]


def frozen(arrays):
    """The same arrays, made read-only, so that a write raises."""
    for array in arrays:
        array.setflags(write=False)
    return arrays


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_every_layout_gives_the_same_bits(loss, layout, rng):
    prediction, target = sample(loss, rng, (N, 2) if loss in POINTWISE else (N,))
    weight = rng.uniform(0, 2, N)
    expected = answers(loss, prediction, target, sample_weight=weight)
    given = frozen([layout(array) for array in (*parts(prediction), target, weight)])
    copies = [array.copy() for array in given]
    got = answers(loss, joined(given[:-2]), given[-2], sample_weight=given[-1])
    for one, other in zip(got, expected, strict=True):
        np.testing.assert_array_equal(one, other)
        assert one.dtype.isnative
    for array, copy in zip(given, copies, strict=True):
        np.testing.assert_array_equal(array, copy)
    assert loss(joined(given[:-2]), given[-2]) == loss(prediction, target)


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("dtype", [np.float32, np.float16])
def test_narrow_floats_in_every_layout(layout, dtype, rng):
    prediction, target = rng.normal(size=(2, 8, 3)).astype(dtype)
    expected = lf.Huber().value_and_grad(prediction, target)
    value, gradient = lf.Huber().value_and_grad(layout(prediction), layout(target))
    assert (value, gradient.dtype) == (expected[0], dtype)
    np.testing.assert_array_equal(gradient, expected[1])


@pytest.mark.parametrize("layout", [read_only, strided, strided_inside, backwards, np.asfortranarray, big_endian])
@pytest.mark.parametrize("classes", [3, 100])
def test_layouts_of_few_and_many_classes(layout, classes, rng):
    logits, labels = rng.normal(size=(50, classes)), rng.integers(0, classes, 50)
    expected = answers(lf.CrossEntropy(), logits, labels)
    for one, other in zip(answers(lf.CrossEntropy(), layout(logits), layout(labels)), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_zero_dimensional_arrays_and_plain_numbers(loss, rng):
    prediction, target = sample(loss, rng, ())
    value = loss(prediction, target)
    assert np.ndim(value) == 0
    assert value == loss(each(lambda a: a.tolist(), prediction), target.tolist())


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_lists_are_arrays(loss, rng):
    prediction, target = sample(loss, rng)
    lists = each(lambda a: a.tolist(), prediction)
    for got, expected in zip(answers(loss, lists, target.tolist()), answers(loss, prediction, target), strict=True):
        np.testing.assert_array_equal(got, expected)
    weight = [1.0, 2.0, 0.0, 1.0, 0.5, 1.0]
    assert loss(lists, target.tolist(), sample_weight=weight) == loss(
        prediction, target, sample_weight=np.array(weight)
    )


@pytest.mark.parametrize("series", [pd.Series, pl.Series])
@pytest.mark.parametrize("loss", POINTWISE, ids=name)
def test_series_are_arrays(loss, series, rng):
    prediction, target = sample(loss, rng)
    weight = rng.uniform(0, 1, N)
    columns = each(series, prediction)
    got = answers(loss, columns, series(target), sample_weight=series(weight))
    for one, other in zip(got, answers(loss, prediction, target, sample_weight=weight), strict=True):
        assert type(one) is np.ndarray
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("frame", [pd.DataFrame, pl.DataFrame])
@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
def test_frames_are_arrays(loss, frame, rng):
    prediction, target = sample(loss, rng)
    series = pd.Series if frame is pd.DataFrame else pl.Series
    truth = series(target) if target.ndim == 1 else frame(target)
    for one, other in zip(answers(loss, frame(prediction), truth), answers(loss, prediction, target), strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_series_is_read_by_position():
    prediction, target = pd.Series([1.0, 2.0], index=[0, 1]), pd.Series([1.0, 4.0], index=[1, 0])
    assert lf.SquaredError()(prediction, target) == 2.0


def test_missing_values_are_nan():
    for column in (pl.Series([1.0, None]), pd.Series([1.0, None]), pd.Series([1, None], dtype="Int64")):
        terms = lf.SquaredError()(column, [1.0, 1.0], reduction="none")
        np.testing.assert_array_equal(terms, [0.0, np.nan])


@pytest.mark.parametrize("classes", [1, 2, 63, 64, 65])
def test_any_number_of_classes(classes, rng):
    logits, labels = rng.normal(size=(N, classes)), rng.integers(0, classes, N)
    expected = -lf.log_softmax(logits)[np.arange(N), labels]
    np.testing.assert_allclose(lf.CrossEntropy()(logits, labels, reduction="none"), expected, rtol=1e-13, atol=1e-15)
