"""A kernel as a function of Python's own kind: the same number, nothing lost, nothing kept."""

import gc
import sys
import weakref

import numpy as np
import pytest

from lossfn.engines.native import machine
from lossfn.engines.native.builtin import builtin

# kernel(a, b, first, second, size, scale) -> a[size]·scale + b[first] + second
TEXT = """
define double @kernel(ptr %a, ptr %b, i64 %first, i64 %second, i64 %size, double %scale) {{
  %ap = getelementptr i8, ptr %a, i64 {data}
  %ad = load ptr, ptr %ap
  %ai = getelementptr double, ptr %ad, i64 %size
  %x = load double, ptr %ai
  %bp = getelementptr i8, ptr %b, i64 {data}
  %bd = load ptr, ptr %bp
  %bi = getelementptr double, ptr %bd, i64 %first
  %y = load double, ptr %bi
  %z = sitofp i64 %second to double
  %p = fmul double %x, %scale
  %q = fadd double %p, %y
  %r = fadd double %q, %z
  ret double %r
}}
"""


@pytest.fixture
def kernel():
    return machine.function(TEXT.format(data=machine.machine().data), 2, 4)


A, B = np.array([1.0, 2.0, 4.0]), np.array([0.5, 0.25])


@pytest.mark.parametrize(
    ("held", "given"), [((None, None), (A, B)), ((None, B), (A,)), ((A, None), (B,)), ((A, B), ())]
)
def test_arrays_are_held_or_given(kernel, held, given):
    assert builtin(kernel, held, (1, -3))(2, 0.5, *given) == 4.0 * 0.5 + 0.25 - 3.0


@pytest.mark.parametrize("scale", [2, np.float64(2.0), np.float32(2.0), True + True])
@pytest.mark.parametrize("size", [1, np.int64(1), True])
def test_numbers_of_any_type_are_read(kernel, size, scale):
    assert builtin(kernel, (None, B), (0, 0))(size, scale, A) == 4.5


@pytest.mark.parametrize("wrong", [("1", 1.0), (1, "1"), (None, 1.0), (2**70, 1.0), (0, None)])
def test_a_wrong_number_is_an_error(kernel, wrong):
    with pytest.raises((TypeError, OverflowError)):
        builtin(kernel, (None, B), (0, 0))(*wrong, A)


def test_a_wrong_number_of_arrays_is_an_error(kernel):
    call = builtin(kernel, (None, B), (0, 0))
    for given in ((), (A, A)):
        with pytest.raises(SystemError):
            call(0, 1.0, *given)


def test_what_it_holds_may_have_any_length(kernel):
    same = np.arange(1.0, 8.0)  # as many numbers as addresses
    assert builtin(kernel, (same, same), (1, 0))(2, 1.0) == 5.0


def test_what_it_holds_lives_as_long_as_it_does(kernel):
    held = np.array([0.5])
    alive, before = weakref.ref(held), sys.getrefcount(A)
    call = builtin(kernel, (None, held), (0, 0))
    del held
    gc.collect()
    assert call(0, 1.0, A) == 1.5
    assert sys.getrefcount(A) == before
    del call
    gc.collect()
    assert alive() is None
