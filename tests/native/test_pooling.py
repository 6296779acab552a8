"""The largest of each window: every engine, processor and number of threads finds the same."""

import ctypes
import platform

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from lossfn.core import threads
from lossfn.core.dispatch import using
from lossfn.core.errors import ShapeError
from lossfn.core.pooling import hand_back, largest
from lossfn.engines.native import machine, pooling
from lossfn.nn.layers.windows import windows

ENGINES = ["native", "reference"]


def views(x, side, step):
    """The windows of images, as a view."""
    seen = windows(x, side, step)
    return seen.reshape(*seen.shape[:4], side, x.shape[3])


def found(x, side, step):
    """The largest numbers, their places, and the slopes in x of the sum of the former times 1, 2, 3, ..."""
    seen = views(x, side, step)
    out, place = np.empty((*seen.shape[:3], x.shape[3]), x.dtype), np.empty((*seen.shape[:3], x.shape[3]), np.int32)
    largest(seen, out, place)
    slope = np.zeros_like(x)
    hand_back(np.arange(1.0, out.size + 1, dtype=x.dtype).reshape(out.shape), place, views(slope, side, step))
    return out, place, slope


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("channels", [1, 16, 17, 50])
@pytest.mark.parametrize(("side", "step"), [(1, 1), (2, 2), (3, 1), (2, 3)])
def test_every_engine_finds_the_largest_and_its_place(side, step, channels, dtype, engine, rng):
    x = rng.integers(0, 5, (3, 7, 6, channels)).astype(dtype)  # with many equals
    with using(engine):
        out, place, slope = found(x, side, step)
    flat = sliding_window_view(x, (side, side), (1, 2))[:, ::step, ::step].reshape(*out.shape, side * side)
    np.testing.assert_array_equal(out, flat.max(axis=-1))
    np.testing.assert_array_equal(place, flat.argmax(axis=-1))
    image, down, right, channel = np.indices(out.shape)
    expected = np.zeros_like(x)
    numbers = np.arange(1, out.size + 1).reshape(out.shape)
    np.add.at(expected, (image, down * step + place // side, right * step + place % side, channel), numbers)
    np.testing.assert_array_equal(slope, expected)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_nan_wins_and_minus_infinity_is_a_number(engine):
    x = np.full((1, 2, 4, 1), -np.inf)
    x[0, 1, 0], x[0, 0, 1] = np.nan, 7.0
    with using(engine):
        out, place, slope = found(x, 2, 2)
    np.testing.assert_array_equal(out.ravel(), [np.nan, -np.inf])
    assert place.ravel().tolist() == [2, 0]
    assert slope[0, :, :, 0].tolist() == [[0, 0, 2, 0], [1, 0, 0, 0]]


def test_bits_are_the_same_for_any_number_of_threads(rng, monkeypatch):
    x = rng.normal(size=(7, 40, 40, 20))
    results = []
    for count in (1, 3):
        monkeypatch.setitem(threads._setting, "threads", count)
        results.append(found(x, 3, 1))
    for alone, shared in zip(*results, strict=True):
        np.testing.assert_array_equal(alone, shared)


def test_slopes_of_another_shape_are_refused(rng):
    seen = views(rng.normal(size=(1, 4, 4, 2)), 2, 2)
    place = np.zeros((1, 2, 2, 2), np.int32)
    with pytest.raises(ShapeError, match=r"slope of the windows: expected shape \(1, 2, 2, 2\), got \(1, 2, 2, 1\)"):
        hand_back(np.zeros((1, 2, 2, 1)), place, seen)
    with pytest.raises(ShapeError, match="slope of the windows"):
        hand_back(np.zeros((1, 2, 2, 2)), place[..., :1], seen)


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86's levels")
@pytest.mark.parametrize("level", ["x86-64", "x86-64-v3", "x86-64-v4"])
def test_code_for_every_processor_is_right(level, monkeypatch, rng):
    here = machine.machine()
    if (level == "x86-64-v3" and not here.fma) or (level == "x86-64-v4" and not here.wide):
        pytest.skip("this processor is older")
    x = rng.normal(size=(2, 5, 5, 20))
    expected, kinds = found(x, 3, 1), [ctypes.py_object] * 3 + [ctypes.c_int64] * 11 + [ctypes.c_double]
    monkeypatch.setenv("LOSSFN_CPU", level)
    other = machine._Machine()

    def kernel(step, dtype):
        code = other.compile(pooling.build(step, dtype.name, other.fma, other.data))
        return ctypes.CFUNCTYPE(ctypes.c_double, *kinds)(other.load(code))

    monkeypatch.setattr(pooling, "_kernel", kernel)
    for ours, wanted in zip(found(x, 3, 1), expected, strict=True):
        np.testing.assert_array_equal(ours, wanted)
