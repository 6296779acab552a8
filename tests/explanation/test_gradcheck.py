"""A right gradient passes, kinks included; each common mistake is called by its name."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import ArgumentError
from lossfn.nn import BatchNorm, Dropout, Embedding, Linear, Sequential, Tanh
from peers import peer
from semantics.samples import SMOOTH, name, sample

X = np.array([[0.3, -1.2, 2.0], [1.5, 0.4, -0.7]])
T = np.array([[1.0, 0.0, 0.5], [0.2, -0.3, 0.1]])


def value(x, t):
    return np.mean((x - t) ** 2)


def slope(x, t):
    return 2 * (x - t) / x.size


@pytest.mark.parametrize("loss", SMOOTH, ids=name)
def test_every_loss_passes(loss, rng):
    found = lf.gradcheck(loss, *sample(loss, rng, shape=(3,)))
    assert found, str(found)


@pytest.mark.parametrize("loss", [lf.AbsoluteError(), lf.Quantile(0.9), lf.EpsilonInsensitive(0.5)], ids=repr)
def test_any_slope_between_both_sides_is_right_at_a_kink(loss):
    at = np.array([0.0, 0.5, 2.0, -0.3])
    found = lf.gradcheck(loss, at, np.zeros(4))
    assert found, str(found)
    assert found.kinks.sum() == 1
    assert "1 element sits on a kink." in str(found)


def test_slope_outside_both_sides_is_wrong_at_a_kink():
    found = lf.gradcheck(lambda x: np.abs(x).sum(), [0.0, 1.0], gradient=lambda x: np.array([1.5, 1.0]))
    assert not found
    assert found.right.tolist() == [False, True]


def weighted(x, t):
    return np.mean((x - t) ** 2 * np.array([1.0, 3.0, 1.0]))


def huber(x, t):
    r = x - t
    return np.where(np.abs(r) < 1, r, np.where(r > 0, 1.0, -0.5)) / x.size  # the lower branch should be -1


MISTAKES = [
    (value, lambda x, t: 2 * (x - t), "6 times what it should be, everywhere: that of the sum, where the value is the"),
    (value, lambda x, t: 2 * (x - t) / 2, "3 times .* mean over axis 1, which has 3"),
    (lambda x, t: 6 * value(x, t), slope, "of the mean over all 6 elements, where the value is the sum"),
    (value, lambda x, t: (x - t) / x.size, "0.5 times .* the 2 of a square"),
    (value, lambda x, t: 1.1 * slope(x, t), "1.1 times .* a weight, a temperature or a loss scale"),
    (value, lambda x, t: -slope(x, t), "the wrong sign, everywhere"),
    (value, lambda x, t: np.abs(slope(x, t)), r"the sign is wrong, the size is right, at \(0, 0\), \(0, 1\), \(1, 2\)"),
    (value, lambda x, t: slope(x, t).T, r"has shape \(3, 2\), the argument \(2, 3\): it is transposed"),
    (value, lambda x, t: slope(x, t).sum(axis=0), r"has shape \(3,\).* summed or broadcast"),
    (value, lambda x, t: np.roll(slope(x, t), 1, axis=1), "shifted by 1 along axis 1: labels or targets off by one"),
    (value, lambda x, t: 0 * x, "0 everywhere"),
    (value, lambda x, t: slope(x, t) / (x - 0.3) * (x - 0.3), r"nan at \(0, 0\), where the argument is 0.3"),
    (weighted, slope, r"positions of axis 1 are off by a factor: 1 \(× 0.3333\): a class weight is missing"),
    (lambda x, t: float(lf.Huber()(x, t)), huber, "only where the argument is below .* one branch"),
    (value, lambda x, t: slope(x, t) + np.array([[0.1, 0, 0.2], [0, 0.3, 0]]), "no single factor, sign or shift"),
]


@pytest.mark.parametrize(("function", "gradient", "said"), MISTAKES)
@pytest.mark.filterwarnings("ignore:(invalid value|divide by zero)")
def test_mistake_is_called_by_its_name(function, gradient, said):
    found = lf.gradcheck(function, X, T, gradient=gradient)
    assert not found
    with pytest.raises(AssertionError, match=said):
        raise AssertionError(str(found))


def test_square_gradient_that_is_transposed_is_called_so():
    x, a = X[:, :2], np.array([[1.0, 2.0], [3.0, 4.0]])
    found = lf.gradcheck(lambda x: (a * x).sum(), x, gradient=lambda x: a.T)
    assert "transposed" in found.cause


def test_rows_without_their_weight_are_named():
    w = np.array([1.0, 5.0])
    found = lf.gradcheck(lambda x: (w[:, None] * (x - T) ** 2).sum(), X, gradient=lambda x: 2 * (x - T))
    assert "positions of axis 0 are off by a factor: 1 (× 0.2): a sample weight is missing" in found.cause


def test_a_target_has_a_slope_too():
    assert lf.gradcheck(lf.SquaredError(), [1.0, 2.0], [0.5, 0.0], wrt=1)


class Doubled(Linear):
    """A layer with a mistake in the gradient of a parameter."""

    def fill(self, gradient):
        super().fill(gradient)
        self.weight_gradient *= 2


def test_parameters_of_layers_are_checked_by_name():
    layer = Doubled(3, 2)
    layer.weight[:] = np.arange(6.0).reshape(3, 2)
    assert lf.gradcheck(layer, X)
    assert lf.gradcheck(layer, X, wrt="bias")
    assert "2 times what it should be, everywhere" in lf.gradcheck(layer, X, wrt="weight").cause
    assert lf.gradcheck(Embedding(4, 2), [[0, 1, 1]], wrt="weight")
    with pytest.raises(ArgumentError, match=r"wrt: expected a parameter of Linear.*got 'slope'"):
        lf.gradcheck(Linear(3, 2), X, wrt="slope")


@pytest.mark.parametrize("wrt", [0, "parameters"])
def test_networks_pass_in_any_dtype_and_are_left_as_they_were(wrt, rng):
    norm = BatchNorm(4)
    network = Sequential([Linear(3, 4), Dropout(), norm, Tanh(), Linear(4, 1)])
    found = lf.gradcheck(network, rng.normal(size=(4, 3)), wrt=wrt)
    assert found, str(found)
    assert network.dtype == np.float32
    assert not norm.memory["mean"].any()


def test_layers_pass_and_a_broken_one_does_not():
    layer = Linear(3, 2)
    layer.bind(np.arange(float(layer.size)) / 7, np.empty(layer.size))
    assert lf.gradcheck(layer, X)

    class Broken(Tanh):
        def backward(self, gradient):
            return 2 * super().backward(gradient)

    assert lf.gradcheck(Tanh(), X)
    assert "2 times what it should be" in lf.gradcheck(Broken(), X).cause


def test_nothing_to_move_is_right():
    assert lf.gradcheck(lambda x: 0.0, np.empty(0), gradient=lambda x: np.empty(0))


def test_missing_gradient_and_wrong_argument_are_named():
    with pytest.raises(ArgumentError, match=r"gradient: expected the gradient of a NumPy function, got None"):
        lf.gradcheck(np.sum, X)
    with pytest.raises(ArgumentError, match=r"wrt: expected a number in \[0, 1\), got 1"):
        lf.gradcheck(np.sum, X, gradient=np.ones_like, wrt=1)


@pytest.mark.peer
def test_functions_of_torch_tensors():
    torch = peer("torch")

    class Half(torch.autograd.Function):
        @staticmethod
        def forward(ctx, x):
            return x.sin()

        @staticmethod
        def backward(ctx, g):
            return 0.5 * g

    x = torch.tensor([0.0, 1.0, 2.0], dtype=torch.float64)
    assert lf.gradcheck(torch.sin, x)
    assert lf.gradcheck(torch.abs, x)
    assert not lf.gradcheck(Half.apply, x)


@pytest.mark.peer
def test_functions_of_jax_arrays():
    jax = peer("jax")

    @jax.custom_jvp
    def square(x):
        return x * x

    @square.defjvp
    def _(primals, tangents):
        return square(*primals), primals[0] * tangents[0]

    x = jax.numpy.array([0.5, 1.0, 2.0])
    assert lf.gradcheck(jax.numpy.sin, x)
    assert lf.gradcheck(lf.CrossEntropy(), x[None], jax.numpy.array([1]))
    assert "0.5 times what it should be" in str(lf.gradcheck(square, x))
