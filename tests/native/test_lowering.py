"""Verbs brought down: powers that are products, and what a known sign saves."""

import pytest

from lossfn.core.graph import Tracer, order
from lossfn.engines.native.lower import lower

PRODUCT, BY_LOGARITHM = {"mul"}, {"mul", "exp", "log"}


def verbs(build):
    m = Tracer()
    (root,) = lower([build(m, m.input("x"))], False, frozenset("x"))
    return {node.verb for node in order([root])} - {"input", "const"}


@pytest.mark.parametrize(
    ("exponent", "expected"),
    [(2, PRODUCT), (8, PRODUCT), (-8, PRODUCT | {"div"}), (9, BY_LOGARITHM), (-9, BY_LOGARITHM), (0.5, {"sqrt"})],
)
def test_small_powers_are_products(exponent, expected):
    assert verbs(lambda m, x: m.power(x, exponent)) == expected


def test_a_size_in_two_branches_is_an_absolute_value():
    assert verbs(lambda m, x: m.where(x >= 0.0, x, -x)) == {"abs"}
    assert verbs(lambda m, x: m.where(x > 0.0, x, -x)) == {"where", "gt", "neg"}


@pytest.mark.parametrize("function", ["sigmoid", "softplus"])
def test_a_known_sign_needs_no_branch(function):
    assert "where" in verbs(lambda m, x: getattr(m, function)(x))
    for sign in (1.0, -1.0):
        assert "where" not in verbs(lambda m, x, sign=sign: getattr(m, function)(sign * m.abs(x)))
