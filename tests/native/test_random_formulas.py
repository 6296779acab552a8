"""Formulas drawn at random: compiled code gives what NumPy gives, and slopes are differences of the value."""

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import lossfn as lf
from lossfn.core.dispatch import using

# Each keeps its value near 1, whatever comes in, and so do its slopes.
UNARY = {
    "sigmoid": lambda m, x: m.sigmoid(x),
    "tanh": lambda m, x: m.tanh(x),
    "softplus": lambda m, x: m.softplus(x),
    "log_cosh": lambda m, x: m.log_cosh(x),
    "neg": lambda m, x: -x,
    "exp": lambda m, x: m.exp(m.tanh(x)),
    "expm1": lambda m, x: m.expm1(-m.softplus(x)),
    "log": lambda m, x: m.log(2.0 + m.tanh(x)),
    "log1p": lambda m, x: m.log1p(m.square(x)),
    "sqrt": lambda m, x: m.sqrt(0.5 + m.square(x)),
    "abs": lambda m, x: m.abs(x),
    "power": lambda m, x: (1.0 + m.square(x)) ** 0.7,
}
BINARY = {
    "add": lambda m, x, y: x + y,
    "sub": lambda m, x, y: x - y,
    "mul": lambda m, x, y: m.tanh(x) * y,
    "div": lambda m, x, y: x / (1.0 + m.square(y)),
    "weighted": lambda m, x, y: m.weighted(m.sigmoid(x), y),
    "minimum": lambda m, x, y: m.minimum(x, y),
    "maximum": lambda m, x, y: m.maximum(x, y),
}
LEAVES = st.sampled_from(["prediction", "target"]) | st.floats(-2, 2).map(lambda x: round(x, 2))


def grown(smaller):
    one = st.tuples(st.sampled_from(sorted(UNARY)), smaller)
    two = st.tuples(st.sampled_from(sorted(BINARY)), smaller, smaller)
    branch = st.tuples(st.just("where"), smaller, smaller)
    return one | two | branch


def trees(leaves):
    """Second derivatives of large trees take LLVM minutes."""
    return st.recursive(LEAVES, grown, max_leaves=leaves)


def built(m, tree, inputs):
    if not isinstance(tree, tuple):
        return inputs[tree] if isinstance(tree, str) else tree
    verb, *parts = tree
    x, *rest = (built(m, part, inputs) + 0.0 * inputs["prediction"] for part in parts)
    if verb == "where":  # on the target, so that the value has no jump in the prediction
        return m.where(inputs["target"] > 0.25, x, *rest)
    return UNARY[verb](m, x) if not rest else BINARY[verb](m, x, *rest)


def planted(tree):
    """A loss whose formula is the tree."""

    class Drawn(lf.Pointwise, register=False):
        def formula(self, m, prediction, target):
            return built(m, tree, {"prediction": prediction, "target": target}) + m.tanh(prediction)

    return Drawn()


X = np.linspace(-3.0, 3.0, 37)
Y = np.cos(7.0 * X)


def answered(loss, engine, x):
    with using(engine):
        value, slope = loss.value_and_grad(x, Y, reduction="none")
        return [value, slope, loss.grad_and_hess(x, Y)[1]]


def holds(tree):
    loss, step = planted(tree), 1e-5
    native, reference = answered(loss, "native", X), answered(loss, "reference", X)
    for got, expected in zip(native, reference, strict=True):
        assert np.isfinite(expected).all()
        np.testing.assert_allclose(got, expected, rtol=1e-11, atol=1e-12 * (1 + abs(expected).max()))
    values = [answered(loss, "reference", X + k * step)[0] for k in (-2, -1, 1, 2)]
    near, far = (values[2] - values[1]) / (2 * step), (values[3] - values[0]) / (4 * step)
    size = 1 + abs(reference[1])
    smooth = (abs(near - far) < 1e-6 * size) & (abs(values[2] + values[1] - 2 * reference[0]) < 1e-7 * size)
    assert smooth.mean() > 0.5
    np.testing.assert_allclose(reference[1][smooth], near[smooth], rtol=1e-5, atol=1e-5)


def fuzz(examples, leaves):
    given(trees(leaves))(
        settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck))(holds)
    )()


def test_random_formulas(tmp_path, monkeypatch):
    monkeypatch.setenv("LOSSFN_CACHE", str(tmp_path))
    fuzz(25, 5)


@pytest.mark.long
def test_many_random_formulas(tmp_path, monkeypatch):
    monkeypatch.setenv("LOSSFN_CACHE", str(tmp_path))
    fuzz(2000, 12)
