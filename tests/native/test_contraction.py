"""Products over several axes: every engine, processor and number of threads has those of `einsum`."""

import ctypes
import platform
import subprocess
import sys

import numpy as np
import pytest
from numpy.lib.stride_tricks import sliding_window_view

from lossfn.core import threads
from lossfn.core.contraction import contract
from lossfn.core.dispatch import engine, using
from lossfn.core.errors import ShapeError
from lossfn.engines.native import contraction, machine

LEVELS = ["x86-64", "x86-64-v3", "x86-64-v4"]


def windows(rng, shape, side):
    """Windows of an array of two axes and a channel axis: (down, right, channels, side, side), which overlap."""
    return sliding_window_view(rng.normal(size=shape), (side, side), (0, 1))


def case(rng, right, width):
    """Operands whose tiles are left incomplete both ways, and the sum wanted."""
    a, b = windows(rng, (5, right + 2, 3), 3), rng.normal(size=(3, 3, 3, width))
    out = rng.normal(size=(3, right, width))
    return a, b, out, out + np.einsum("ijcyx,cyxo->ijo", a, b)


@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize("width", [1, 15, 16, 17, 32, 50])
@pytest.mark.parametrize("right", [1, 7, 8, 13])
def test_every_engine_adds_the_product(engine, right, width, rng):
    a, b, out, expected = case(rng, right, width)
    single = [array.astype(np.float32) for array in (a, b, out)]
    with using(engine):
        contract(a, b, out)
        contract(*single)
    np.testing.assert_allclose(out, expected, rtol=1e-13, atol=1e-13)
    np.testing.assert_allclose(single[2], expected, rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_a_matrix_larger_than_the_cache_is_taken_in_parts(engine, rng):
    a, b, out = rng.normal(size=(2, 700, 30)), rng.normal(size=(700, 30, 20)), np.zeros((2, 20))
    assert b.nbytes > 2 * contraction.AT_ONCE
    with using(engine):
        contract(a, b, out)
    np.testing.assert_allclose(out, np.einsum("ikl,klo->io", a, b), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("engine", ["native", "reference"])
def test_nothing_is_added_by_an_empty_axis(engine):
    out = np.ones((2, 3))
    with using(engine):
        contract(np.ones((2, 0)), np.ones((0, 3)), out)
        contract(np.ones((0, 2)), np.ones((2, 3)), out[:0])
    assert out.tolist() == np.ones((2, 3)).tolist()


def test_bits_are_the_same_for_any_number_of_threads(rng, monkeypatch):
    a, b = rng.normal(size=(7, 40, 600)), rng.normal(size=(600, 50))
    results = []
    for count in (1, 3):
        monkeypatch.setitem(threads._setting, "threads", count)
        results.append(np.zeros((7, 40, 50)))
        contract(a, b, results[-1])
    np.testing.assert_array_equal(*results)


def test_long_sums_in_single_precision_stay_accurate(rng):
    a, b = (rng.uniform(size=shape).astype(np.float32) for shape in ((1, 256, 1024), (256, 1024, 32)))
    out = np.zeros((1, 32), np.float32)
    contract(a, b, out)
    np.testing.assert_allclose(out, np.einsum("ikl,klo->io", a.astype(np.float64), b), rtol=1e-5)


def test_shapes_that_do_not_belong_together_are_refused():
    with pytest.raises(ShapeError, match=r"contraction: expected \(2, 3\), \(3, 4\) -> \(2, 4\), got \(2, 5\)"):
        contract(np.ones((2, 3)), np.ones((3, 4)), np.ones((2, 5)))
    with pytest.raises(ShapeError, match="contraction"):
        contract(np.ones((2, 3)), np.ones((2, 4)), np.ones((2, 4)))


@pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86's levels")
@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("level", LEVELS)
def test_code_for_every_processor_is_right(level, dtype, monkeypatch, rng):
    here = machine.machine()
    if (level == "x86-64-v3" and not here.fma) or (level == "x86-64-v4" and not here.wide):
        pytest.skip("this processor is older")
    monkeypatch.setenv("LOSSFN_CPU", level)
    other = machine._Machine()
    assert (other.fma, other.wide) == (level != "x86-64", level == "x86-64-v4")
    code = other.compile(contraction.build(2, 3, dtype, other.wide, other.fma, other.data))
    kinds = [ctypes.py_object] * 3 + [ctypes.c_int64] * 11 + [ctypes.c_double]
    a, b, out, expected = case(rng, 13, 50)
    a, b, out = (array.astype(dtype) for array in (a, b, out))
    strides = [stride // a.itemsize for stride in a.strides]
    ctypes.CFUNCTYPE(ctypes.c_double, *kinds)(other.load(code))(a, b, out, *a.shape, *strides, 50, 1.0)
    np.testing.assert_allclose(out, expected, rtol=1e-5, atol=1e-5)


def test_what_images_need_is_loaded_with_the_first_image():
    code = """
import sys, numpy as np, lossfn as lf
from lossfn.nn import Conv2d
lf.Huber()([1.0], [0.0])
first = {"contraction", "pooling"} & {name.rpartition(".")[2] for name in sys.modules if ".native." in name}
Conv2d(1, 1, 1).forward(np.zeros((1, 1, 1, 1)))
print(first or "none", "lossfn.engines.native.contraction" in sys.modules)
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["none", "True"]


def test_the_native_engine_has_no_other_names():
    with pytest.raises(AttributeError, match="no attribute 'convolve'"):
        engine().convolve  # noqa: B018
