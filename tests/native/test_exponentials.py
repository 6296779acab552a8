"""e^x and e^x - 1 of one argument share its reduction and one polynomial, and keep their bits."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.program import trace
from lossfn.engines.native import coefficients
from lossfn.engines.native.machine import machine
from lossfn.engines.native.pointwise import Plan, build
from lossfn.engines.native.value import literal

X = [
    -np.inf,
    -800.0,
    -746.5,
    -708.5,
    -61.0,
    -59.0,
    -1e-300,
    -0.0,
    0.0,
    1e-9,
    0.4,
    60.5,
    87.0,
    709.5,
    709.9,
    np.inf,
    np.nan,
]


class Both(lf.Pointwise, register=False):
    """Both functions, each with a derivative of its own."""

    def formula(self, m, prediction, target):
        return m.where(target > 0.0, m.exp(prediction), m.expm1(prediction))


class Apart(lf.Pointwise, register=False):
    """e^x - 1 alone."""

    def formula(self, m, prediction, target):
        return m.expm1(prediction)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_values_are_those_of_either_alone(dtype):
    x = np.array(X, dtype)
    both = Both()(x, np.zeros_like(x), reduction="none")
    np.testing.assert_array_equal(both, Apart()(x, np.zeros_like(x), reduction="none"))
    np.testing.assert_array_equal(np.signbit(both), np.signbit(x))
    with np.errstate(over="ignore"):
        np.testing.assert_allclose(both, np.expm1(x), rtol=3 * np.finfo(dtype).eps)
        grown = Both()(x, np.ones_like(x), reduction="none")
        np.testing.assert_allclose(
            grown, np.exp(x), rtol=3 * np.finfo(dtype).eps, atol=np.finfo(dtype).smallest_subnormal
        )


@pytest.mark.parametrize("long", [False, True])
def test_one_polynomial_is_written(long):
    dtype = "float64" if long else "float32"
    inputs = tuple((name, dtype) for name in Both().inputs)
    plan = Plan(trace(Both()), (), inputs, False, 1, ("prediction",), (), None, (dtype,), True, False, long)
    highest = (coefficients.EXP_LONG if long else coefficients.EXP_SHORT)[-1]
    text = build(plan, True, machine().data)
    assert text.count(literal(highest, "double")) == 2  # the full vectors and the tail
