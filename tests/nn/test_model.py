import copy
import pickle

import numpy as np
import pytest

from lossfn.core.errors import LossfnError, OptionError, ShapeError
from lossfn.nn import BatchNorm, Layer, Linear, ReLU, Sequential, Tanh
from nn.differences import slope


@pytest.mark.covers(104, 121)
def test_gradient_of_a_model_is_the_slope_of_its_output(rng):
    layers = [Linear(3, 4), Tanh(), Linear(4, 5, init="he"), ReLU(), Linear(5, 2)]
    model = Sequential(layers, seed=rng, dtype=np.float64)
    x, direction = rng.normal(size=(6, 3)), rng.normal(size=(6, 2))

    def value():
        return np.sum(direction * model.predict(x))

    model.forward(x, training=True)
    np.testing.assert_allclose(model.backward(direction), slope(value, x), rtol=1e-7, atol=1e-9)
    expected = model.gradients.copy()
    np.testing.assert_allclose(expected, slope(value, model.parameters), rtol=1e-7, atol=1e-9)
    model.gradients[:] = 0
    model.forward(x, training=True)
    model.fill(direction)
    np.testing.assert_array_equal(model.gradients, expected)


@pytest.mark.covers(5)
def test_a_change_of_the_input_after_forward_does_not_reach_backward(rng):
    model = Sequential([Linear(2, 1)], dtype=np.float64)
    x = rng.normal(size=(4, 2))
    model.forward(x, training=True)
    expected = x.sum(axis=0)
    x[:] = 0
    model.backward(np.ones((4, 1)))
    np.testing.assert_allclose(model.gradients[:2], expected)


def test_same_seed_same_model():
    first, second, third = (Sequential([Linear(3, 2)], seed=seed) for seed in (1, 1, 2))
    assert np.array_equal(first.parameters, second.parameters)
    assert not np.array_equal(first.parameters, third.parameters)


def test_layers_hold_views_into_the_flat_vectors():
    model = Sequential({"hidden": Linear(2, 3), "bend": Tanh(), "out": Linear(3, 1)})
    assert list(model.layers) == ["hidden", "bend", "out"]
    assert model.parameters.shape == (13,)
    model.parameters[:] = np.arange(13)
    assert model.layers["hidden"].weight.tolist() == [[0, 1, 2], [3, 4, 5]]
    assert model.layers["out"].bias.tolist() == [12]
    assert repr(model).startswith("Sequential({'hidden': Linear(2, 3, init='xavier'), 'bend': Tanh()")


def test_tensors_are_views_under_the_names_of_the_layers():
    model = Sequential({"hidden": Linear(2, 3), "norm": BatchNorm(3)})
    tensors = model.tensors()
    assert list(tensors) == ["hidden.weight", "hidden.bias", "norm.scale", "norm.shift", "norm.mean", "norm.variance"]
    tensors["hidden.bias"][:] = 7
    tensors["norm.mean"][:] = 5
    assert model.parameters[6:9].tolist() == [7, 7, 7]
    assert model.layers["norm"].memory["mean"].tolist() == [5, 5, 5]


@pytest.mark.parametrize("duplicate", [copy.deepcopy, lambda model: pickle.loads(pickle.dumps(model))])
def test_a_copy_shares_its_own_parameters_with_its_layers(duplicate):
    model = Sequential([Linear(1, 1)])
    twin = duplicate(model)
    twin.parameters[:] = 0
    assert not twin.layers["linear0"].weight.any()
    assert model.layers["linear0"].weight.any()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_everything_is_computed_in_the_dtype_of_the_model(dtype):
    model = Sequential([Linear(2, 2), ReLU(), Linear(2, 2), Tanh()], dtype=dtype)
    output = model.forward([[1, 2]], training=True)
    assert output.dtype == model.backward(np.ones((1, 2))).dtype == model.gradients.dtype == dtype


def test_predict_keeps_nothing():
    model = Sequential([Linear(1, 1)])
    model.predict([[1.0]])
    with pytest.raises(LossfnError, match=r"Linear.backward: expected a forward pass in training mode"):
        model.backward([[1.0]])


def test_wrong_input_shape_names_the_layer_and_the_repair():
    with pytest.raises(ShapeError, match=r"Linear\(1, 4, .*expected shape \(N, 1\), got \(9,\).*reshape\(-1, 1\)"):
        Sequential([Linear(1, 4)]).predict(np.zeros(9))


def test_a_gradient_is_never_broadcast():
    model = Sequential([Linear(1, 2), Tanh()])
    model.forward(np.zeros((3, 1)), training=True)
    with pytest.raises(ShapeError, match=r"gradient: expected shape \(3, 2\).*got \(2,\)"):
        model.backward(np.ones(2))


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: Sequential([]), "at least one layer"),
        (lambda: Sequential([layer := Tanh(), layer]), "one layer twice"),
        (lambda: Sequential([Tanh]), r"objects of type Layer, .*Try: Tanh\(\)"),
        (lambda: Sequential([Sequential([Tanh()])]), r"objects of type Layer, got Sequential"),
        (lambda: Sequential([Tanh()], dtype=np.int32), "float32 or float64, got int32"),
    ],
)
def test_wrong_options(build, message):
    with pytest.raises(OptionError, match=message):
        build()


def test_a_layer_of_your_own_needs_forward_and_backward_only():
    class Double(Layer):
        def forward(self, x, training=False):
            return 2 * x

        def backward(self, gradient):
            return 2 * gradient

    model = Sequential([Linear(1, 1), Double()])
    assert model.parameters.shape == (2,)
    np.testing.assert_array_equal(model.forward([[1.0]], training=True), 2 * model.layers["linear0"].weight)
    np.testing.assert_array_equal(model.backward([[1.0]]), 2 * model.layers["linear0"].weight)
    alone = Sequential([Double()])
    alone.fill([[1.0]])


def test_filling_asks_for_no_slope_before_the_first_parameters():
    class Asleep(Layer):
        def forward(self, x, training=False):
            return x

    model = Sequential([Asleep(), Linear(1, 1), Tanh(), Linear(1, 1)])
    output = model.forward([[1.0]], training=True)
    model.fill(output)
    assert model.gradients.all()


def test_the_base_layer_does_nothing():
    with pytest.raises(NotImplementedError):
        Layer().forward(np.zeros(1))
    with pytest.raises(NotImplementedError):
        Layer().backward(np.zeros(1))
