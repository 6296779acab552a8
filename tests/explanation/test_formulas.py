import numpy as np
import pytest

import lossfn as lf
from lossfn.explanation.formulas import describe
from lossfn.explanation.text import call, short


def written(loss):
    """Formulas by name, and definitions."""
    found = describe(loss)
    return {formula.name: str(formula) for formula in found.formulas}, found.definitions


@pytest.mark.parametrize("name", lf.list_losses())
def test_every_loss_is_explained(name):
    formulas, _ = written(lf.get(name))
    assert formulas["value"]
    assert lf.get(name).differentiable == any(name.startswith("gradient") for name in formulas)
    assert not any(word in text for text in formulas.values() for word in ("Node", "nan", "where where", "  "))


def test_huber():
    assert written(lf.Huber(delta=2.0)) == (
        {
            "value": "u·(r − 0.5·u)",
            "gradient": "−delta where r < −delta; r where −delta ≤ r ≤ delta; delta where r > delta",
            "hessian": "1 where −delta ≤ r ≤ delta; 0 otherwise",
        },
        ("r = prediction − target", "u = min(max(r, −delta), delta)"),
    )


def test_squared_error():
    formulas, where = written(lf.SquaredError())
    assert (formulas, where) == ({"value": "r²", "gradient": "2·r", "hessian": "2"}, ("r = prediction − target",))


def test_binary_cross_entropy():
    formulas, where = written(lf.BinaryCrossEntropy())
    assert formulas == {
        "value": "−target·log(prediction) − (1 − target)·log1p(−prediction)",
        "gradient": "(1 − target) / u where target = 0; −v where target = 1; (1 − target) / u − v otherwise",
        "hessian": "(1 − target) / u² where target = 0; target / prediction² where target = 1; "
        "target / prediction² + (1 − target) / u² otherwise",
    }
    assert where == ("u = 1 − prediction", "v = target / prediction")


def test_binary_cross_entropy_of_logits():
    formulas, where = written(lf.BinaryCrossEntropyWithLogits())
    assert formulas == {
        "value": "softplus(prediction) − target·prediction",
        "gradient": "u − target",
        "hessian": "u·sigmoid(−prediction)",
    }
    assert where == ("u = sigmoid(prediction)",)


def test_branches_are_joined_only_where_they_are_one_function():
    assert written(lf.Poisson())[0]["gradient"] == "exp(prediction) − target"
    assert written(lf.Expectile(q=0.5))[0]["hessian"] == "2·q where r ≤ 0; 2 − 2·q where r > 0"


def test_cross_entropy():
    formulas, where = written(lf.CrossEntropy())
    assert formulas == {
        "value": "−log_prob",
        "a": "−1",
        "gradient in score k": "a·(1[k = y] − p_k)",
        "hessian in score k": "−a·p_k·(1 − p_k)",
    }
    assert where == ("a = ∂value/∂log_prob", "p = softmax(scores)", "y the label")


def test_formulas_mean_what_the_engine_computes():
    residual, delta = np.linspace(-4, 4, 17), 2.0
    loss, names = lf.Huber(delta=delta), {"delta": delta, "r": residual, "min": np.minimum, "max": np.maximum}
    formulas, where = written(loss)
    for text in (*where[1:], f"value = {formulas['value']}"):
        name, _, formula = text.partition(" = ")
        names[name] = eval(formula.replace("−", "-").replace("·", "*"), {}, names)
    np.testing.assert_allclose(names["value"], loss(residual, np.zeros(17), reduction="none"))


def test_calls_leave_out_what_is_off():
    assert call(lf.CrossEntropy(class_weight=[1, 2])) == "CrossEntropy(class_weight=[1.0, 2.0])"
    assert call(lf.Hinge()) == "Hinge"
    assert call(lf.Hinge(labels="pm1")) == "Hinge(labels='pm1')"
    assert call(0.5 * lf.Huber()) == "0.5 * Huber(delta=1.0)"


def test_margins_are_named():
    formulas, where = written(lf.SquaredHinge())
    assert (formulas["value"], where) == ("max(0, 1 − margin)²", ("margin = (2·target − 1)·prediction",))


def test_branches_that_only_keep_numbers_finite_are_left_out():
    class Careful(lf.Pointwise, register=False):
        def formula(self, m, prediction, target):
            residual = prediction - target
            return m.where(m.abs(residual) <= 1e18, m.log1p(residual * residual), 2 * m.log(m.abs(residual)))

    formulas, _ = written(Careful())
    assert formulas["value"] == "log1p(r²)"
    assert formulas["gradient"] == "2·r / (1 + r²)"


def test_numbers_are_short():
    assert [short(x) for x in (2.0, -0.5, float("inf"), 1 / 3)] == ["2", "−0.5", "∞", "0.333333"]
