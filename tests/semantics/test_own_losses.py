"""A loss written at a prompt is a loss like any other."""

import pickle

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import DomainError, FormulaError, LawError, OptionError
from lossfn.core.graph import Tracer
from lossfn.core.nans import carries
from lossfn.core.registry import REGISTRY


class Cubic(lf.Pointwise, register=False):
    """|r|³ times a scale."""

    scale: float = lf.option(default=1.0, domain=lf.Interval(0, low_open=True))

    def formula(self, m, prediction, target):
        return self.scale * m.abs(prediction - target) ** 3


class Brier(lf.Distribution, register=False):
    """Squared distance of probabilities."""

    def formula(self, m, log_prob, target):
        return m.square(m.exp(log_prob) - target)


class Odds(lf.Row, register=False):
    """(1 - p)/p of the label, weighted per class."""

    weight: object = lf.option(default=None, array=True)

    def formula(self, m, row):
        return self.weight * m.expm1(-row.log_prob)


def test_pointwise():
    loss = Cubic(scale=2.0)
    value, gradient = loss.value_and_grad([3.0, -1.0], [1.0, 0.0], reduction="none")
    assert (value.tolist(), gradient.tolist()) == ([16.0, 2.0], [24.0, -6.0])
    np.testing.assert_allclose(loss.grad_and_hess([3.0], [1.0])[1], [24.0])
    assert loss([3.0], [1.0], sample_weight=[0.5]) == 16.0
    assert (0.5 * loss + lf.SquaredError())([3.0], [1.0]) == 12.0


def test_over_classes():
    value, gradient = Brier().value_and_grad([[0.0, 0.0]], [[1.0, 0.0]])
    np.testing.assert_allclose(value, 0.5)
    np.testing.assert_allclose(gradient, [[-0.5, 0.5]])
    with pytest.raises(DomainError, match=r"target: expected values in \[0, inf\), got -1.0 at position 0, 1"):
        Brier()([[0.0, 0.0]], [[1.0, -1.0]])


def test_rows():
    loss = Odds(weight=[1.0, 3.0], reduction="none")
    np.testing.assert_allclose(loss([[0.0, 0.0], [0.0, 0.0]], [0, 1]), [1.0, 3.0])
    np.testing.assert_allclose(loss.value_and_grad([[0.0, 0.0]], [1])[1], [[3.0, -3.0]])


def test_it_is_a_value():
    assert Cubic(scale=2.0) == pickle.loads(pickle.dumps(Cubic(scale=2.0)))
    assert repr(Cubic(scale=2.0)) == "Cubic(scale=2.0)"
    assert Cubic() != Cubic(scale=2.0)
    with pytest.raises(OptionError, match=r"Cubic\(scale=\): expected a number in \(0, inf\), got 0"):
        Cubic(scale=0)


def test_registration(monkeypatch):
    assert "cubic" not in REGISTRY
    monkeypatch.setitem(REGISTRY, "made_at_a_prompt", None)
    first = type("MadeAtAPrompt", (lf.Pointwise,), {"formula": lambda self, m, p, t: m.abs(p - t)})
    assert type(lf.get("made_at_a_prompt")) is first
    second = type("MadeAtAPrompt", (lf.Pointwise,), {"formula": lambda self, m, p, t: 2.0 * m.abs(p - t)})
    assert type(lf.get("MadeAtAPrompt")) is second
    assert lf.get("made_at_a_prompt")([3.0], [0.0]) == 6.0


@pytest.mark.parametrize(
    ("formula", "message"),
    [
        (lambda self, m, p, t: 0.0 if p > t else t, "no `if`, `and`, `or` or `not`.* Try: m.where"),
        (lambda self, m, p, t: m.where(p == t, 0.0, 1.0), "no `==` on a traced value.* Try: m.equal"),
        (
            lambda self, m, p, t: (p > t) * (p - t),
            r"numbers in 'mul', got a condition. Try: m.where\(condition, 1.0, 0.0\)",
        ),
        (lambda self, m, p, t: m.where(p - t, p, t), "a condition in 'where', got a number. Try: x > 0.0"),
        (lambda self, m, p, t: m.where(m.negate(p), p, t), "a condition in 'negate', got a number"),
        (
            lambda self, m, p, t: np.exp(p - t),
            "arithmetic and the verbs of m: exp, .*no callable exp method. .*function of",
        ),
        (lambda self, m, p, t: m.sinh(p - t), "arithmetic and the verbs of m: exp, .*no attribute 'sinh'"),
        (
            lambda self, m, p, t: 2.0 ** (p - t),
            r"arithmetic and the verbs of m: .*unsupported operand type\(s\) for \*\*",
        ),
        (lambda self, m, p, t: p > t, "a return of one number, got a condition"),
        (lambda self, m, p, t: None, "a return of one number, got NoneType"),
        (lambda self, m, p, t: (p, t), "a return of one number, got tuple"),
    ],
)
def test_what_cannot_be_traced_is_explained(formula, message):
    made = type("Untraceable", (lf.Pointwise,), {"formula": formula}, register=False)
    with pytest.raises(FormulaError, match=f"formula: expected {message}"):
        made().value_and_grad([1.0], [0.0])


def test_a_mistake_of_another_kind_is_shown_as_it_is():
    made = type("Misspelt", (lf.Pointwise,), {"formula": lambda self, m, p, t: self.widht * p}, register=False)
    with pytest.raises(AttributeError, match="'Misspelt' object has no attribute 'widht'"):
        made()([1.0], [0.0])


def test_what_python_writes_otherwise_is_the_verb():
    made = type(
        "Plain", (lf.Pointwise,), {"formula": lambda self, m, p, t: m.where(True, abs(p - t), p)}, register=False
    )
    np.testing.assert_array_equal(made().grad_and_hess([3.0, -2.0, 0.0], [0.0] * 3)[0], [1.0, -1.0, 0.0])


def test_a_class_without_a_formula_says_so():
    made = type("Empty", (lf.Pointwise,), {}, register=False)
    with pytest.raises(NotImplementedError):
        made()([1.0], [0.0])


class Pinball(lf.Pointwise, register=False):
    """The quantile loss as it is usually written: straight lines, whose slopes are constants."""

    q: float = lf.option(default=0.9, domain=lf.Interval(0, 1))

    def formula(self, m, prediction, target):
        return m.maximum(self.q * (target - prediction), (self.q - 1.0) * (target - prediction))


class Line(lf.Pointwise, register=False):
    """A straight line in two predictions."""

    predictions = ("first", "second")

    def formula(self, m, first, second, target):
        return 2.0 * first - m.where(target > 0.0, second, 3.0 * second)


def test_the_slope_of_a_straight_line_is_nan_where_its_value_is():
    value, slope = Pinball().value_and_grad([np.nan, 1.0, 1.0], [0.0, np.nan, 0.0], reduction="none", check=False)
    np.testing.assert_allclose(value, [np.nan, np.nan, 0.1])
    np.testing.assert_allclose(slope, [np.nan, np.nan, 0.1])
    points = [1.0, np.nan, 1.0], [1.0, 1.0, np.nan]
    _, slopes = Line().value_and_grad(points, [1.0, 1.0, -1.0], reduction="none")
    np.testing.assert_array_equal(slopes[0], [2.0, np.nan, np.nan])
    np.testing.assert_array_equal(slopes[1], [-1.0, np.nan, np.nan])


def test_what_is_written_as_usual_keeps_every_law():
    lf.check(Pinball())
    lf.check(Line())


@pytest.mark.parametrize(
    ("build", "sure"),
    [
        (lambda m, x, y: x * y, True),
        (lambda m, x, y: m.maximum(y, m.exp(x)), True),
        (lambda m, x, y: y, False),
        (lambda m, x, y: m.weighted(x, y), True),
        (lambda m, x, y: m.weighted(y, x), False),
        (lambda m, x, y: m.where(x > 0.0, x, y), False),
        (lambda m, x, y: m.where(x > 0.0, y, x), True),
        (lambda m, x, y: m.where(m.negate(x > 0.0), x, y), True),
        (lambda m, x, y: m.where(y > 0.0, x, y), False),
        (lambda m, x, y: m.where(y > 0.0, x, 2.0 * x), True),
        (lambda m, x, y: m.where(m.either(x > 0.0, m.negate(x <= 0.0)), x, y), True),
        (lambda m, x, y: m.where(m.either(x > 0.0, y > 0.0), y, x), False),
    ],
)
def test_where_nan_goes_is_known(build, sure):
    m = Tracer()
    x, y = m.input("x"), m.input("y")
    assert carries(build(m, x, y), x) == sure


def test_a_gradient_that_is_wrong_far_out_breaks_a_law():
    own = {
        "formula": lambda self, m, p, t: m.square(p - t),
        "gradient": lambda self, m, p, t: m.minimum(2.0 * (p - t), 60.0),
    }
    with pytest.raises(LawError, match='breaks the law "gradient"'):
        lf.check(type("Clipped", (lf.Pointwise,), own, register=False)())
