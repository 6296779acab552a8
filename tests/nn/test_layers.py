"""Laws of every layer: its slopes are those of its output, and it is what torch has under the same name."""

import numpy as np
import pytest

from lossfn.core.errors import LossfnError, OptionError, ShapeError, TargetError
from lossfn.nn import (
    ELU,
    GELU,
    AvgPool2d,
    BatchNorm,
    ChannelsLast,
    Conv2d,
    Dropout,
    Embedding,
    Flatten,
    LayerNorm,
    LeakyReLU,
    Linear,
    MaxPool2d,
    ReLU,
    Sequential,
    Sigmoid,
    Softplus,
    Tanh,
    draw_weights,
)
from nn.differences import slope
from peers import peer

IMAGES = (6, 7, 5, 3)  # more than are worked on at once, neither square nor a multiple of the windows

# Layer, shape of the input, torch's name and arguments.
CASES = [
    (Linear(3, 2), (5, 3), "Linear", (3, 2)),
    (ReLU(), (5, 3), "ReLU", ()),
    (LeakyReLU(0.1), (5, 3), "LeakyReLU", (0.1,)),
    (ELU(), (5, 3), "ELU", ()),
    (ELU(0.5), (5, 3), "ELU", (0.5,)),
    (GELU(), (5, 3), "GELU", ()),
    (Sigmoid(), (5, 3), "Sigmoid", ()),
    (Tanh(), (5, 3), "Tanh", ()),
    (Softplus(), (5, 3), "Softplus", ()),
    (Flatten(), IMAGES, "Flatten", ()),
    (Conv2d(3, 2, 3), IMAGES, "Conv2d", (3, 2, 3)),
    (Conv2d(3, 4, 3, padding=1), IMAGES, "Conv2d", (3, 4, 3, 1, 1)),
    (Conv2d(3, 2, 3, stride=2, padding=2), IMAGES, "Conv2d", (3, 2, 3, 2, 2)),
    (Conv2d(3, 2, 2, stride=3), IMAGES, "Conv2d", (3, 2, 2, 3)),
    (MaxPool2d(2), IMAGES, "MaxPool2d", (2,)),
    (MaxPool2d(3, stride=2), IMAGES, "MaxPool2d", (3, 2)),
    (AvgPool2d(2), IMAGES, "AvgPool2d", (2,)),
    (AvgPool2d(3, stride=1), IMAGES, "AvgPool2d", (3, 1)),
    (LayerNorm(3), (5, 3), "LayerNorm", (3,)),
    (LayerNorm(3), IMAGES, "LayerNorm", (3,)),
    (BatchNorm(3), (5, 3), "BatchNorm1d", (3,)),
    (BatchNorm(3, momentum=0.3), IMAGES, "BatchNorm2d", (3, 1e-5, 0.3)),
]
IDS = [f"{layer!r}-{len(shape)}d" for layer, shape, *_ in CASES]
CHANNELS_FIRST = {"Conv2d", "MaxPool2d", "AvgPool2d", "BatchNorm2d"}


def started(layer, shape, rng):
    """The layer with random parameters, an input of distinct numbers away from 0, and a direction of the output."""
    for name in layer.shapes:
        getattr(layer, name)[:] = rng.normal(size=layer.shapes[name])
    x = rng.permutation(np.linspace(-3, 3.1, np.prod(shape))).reshape(shape)
    return x, rng.normal(size=layer.forward(x).shape)


@pytest.mark.covers(104, 121)
@pytest.mark.parametrize(("layer", "shape"), [case[:2] for case in CASES], ids=IDS)
def test_gradients_are_the_slopes_of_the_output(layer, shape, rng):
    x, direction = started(layer, shape, rng)

    def value():
        return np.sum(direction * layer.forward(x, training=True))

    value()
    close = {"rtol": 1e-7, "atol": 1e-8}
    np.testing.assert_allclose(layer.backward(direction), slope(value, x), **close)
    expected = {name: getattr(layer, f"{name}_gradient").copy() for name in layer.shapes}
    for name, gradient in expected.items():
        np.testing.assert_allclose(gradient, slope(value, getattr(layer, name)), **close)
        getattr(layer, f"{name}_gradient")[:] = np.nan
    value()
    layer.fill(direction)
    for name, gradient in expected.items():
        np.testing.assert_array_equal(getattr(layer, f"{name}_gradient"), gradient)


@pytest.mark.peer
@pytest.mark.parametrize(("layer", "shape", "name", "options"), CASES, ids=IDS)
def test_output_and_gradients_equal_those_of_torch(layer, shape, name, options, rng):
    torch = peer("torch")
    x, direction = started(layer, shape, rng)
    rival = getattr(torch.nn, name)(*options).double()
    moved = (0, 3, 1, 2) if name in CHANNELS_FIRST else range(len(shape))
    theirs = torch.tensor(x.transpose(moved), requires_grad=True)
    names = ("scale", "shift") if name.endswith(("Norm", "Norm1d", "Norm2d")) else ("weight", "bias")
    with torch.no_grad():
        for ours, parameter in zip(names, rival.parameters(), strict=False):
            parameter.copy_(torch.tensor(as_torch(getattr(layer, ours))))
    output = rival(theirs)
    turned = direction.transpose(moved) if direction.ndim == 4 else direction
    output.backward(torch.tensor(np.ascontiguousarray(turned)))
    close = {"rtol": 1e-7, "atol": 1e-12}
    got = layer.forward(x, training=True)
    np.testing.assert_allclose(got.transpose(moved) if got.ndim == 4 else got, output.detach(), **close)
    np.testing.assert_allclose(layer.backward(direction).transpose(moved), theirs.grad, **close)
    for ours, parameter in zip(names, rival.parameters(), strict=False):
        np.testing.assert_allclose(as_torch(getattr(layer, f"{ours}_gradient")), parameter.grad, **close)


def as_torch(weight):
    """The axes in torch's order."""
    return weight.transpose({1: (0,), 2: (1, 0), 4: (3, 2, 0, 1)}[weight.ndim]).copy()


@pytest.mark.peer
def test_running_averages_equal_those_of_torch(rng):
    torch = peer("torch")
    layer, rival = BatchNorm(3), torch.nn.BatchNorm1d(3).double()
    for _ in range(3):
        x = rng.normal(2, 3, size=(5, 3))
        layer.forward(x, training=True)
        rival(torch.tensor(x))
    np.testing.assert_allclose(layer.memory["mean"], rival.running_mean, rtol=1e-12)
    np.testing.assert_allclose(layer.memory["variance"], rival.running_var, rtol=1e-12)
    np.testing.assert_allclose(layer.forward(x), rival.eval()(torch.tensor(x)).detach(), rtol=1e-12)


@pytest.mark.peer
def test_embedding_equals_torch(rng):
    torch = peer("torch")
    layer = Embedding(7, 2)
    layer.initialize(rng)
    words = rng.integers(0, 7, (4, 5))
    rival = torch.nn.Embedding(7, 2, _weight=torch.tensor(layer.weight))
    output = rival(torch.tensor(words))
    direction = rng.normal(size=(4, 5, 2))
    output.backward(torch.tensor(direction))
    np.testing.assert_array_equal(layer.forward(words.astype(np.float64), training=True), output.detach())
    assert layer.backward(direction).shape == words.shape
    np.testing.assert_allclose(layer.weight_gradient, rival.weight.grad, rtol=1e-12)


@pytest.mark.peer
def test_gelu_is_exact_in_the_tails():
    torch = peer("torch")
    x = np.concatenate([np.linspace(-45, 45, 9001), [np.nan, np.inf]])[:, None]
    expected = torch.special.ndtr(torch.tensor(x)).numpy()
    np.testing.assert_allclose(GELU().forward(x)[:9001], (x * expected)[:9001], rtol=1e-12, atol=1e-15)
    assert np.isnan(GELU().forward(x)[9001])
    assert GELU().forward(x)[9002] == np.inf


@pytest.mark.parametrize("layer", [Softplus(), Sigmoid(), ELU(), GELU()], ids=repr)
def test_far_inputs_raise_no_warning(layer):
    x = np.array([[-1e4, 1e4]])
    assert np.isfinite(layer.forward(x, training=True)).all()
    assert np.isfinite(layer.backward(np.ones((1, 2)))).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_gelu_ends_at_zero(dtype):
    np.testing.assert_array_equal(GELU().forward(np.array([[-1e30, -100.0]], dtype)), 0)


@pytest.mark.parametrize("layer", [Flatten(), Linear(4, 2), Conv2d(4, 2, 1), MaxPool2d(1), AvgPool2d(1)], ids=repr)
def test_no_rows_are_rows(layer):
    x = np.zeros((0, 4) if isinstance(layer, Linear) else (0, 2, 2, 4))
    y = layer.forward(x, training=True)
    assert len(y) == 0
    assert layer.backward(y).shape == x.shape


def test_channels_last_turns_images_and_slopes_back(rng):
    layer = ChannelsLast()
    x = rng.normal(size=(2, 3, 4, 5))
    y = layer.forward(x, training=True)
    np.testing.assert_array_equal(y[1, 2, 3], x[1, :, 2, 3])
    np.testing.assert_array_equal(layer.backward(y), x)


def test_convolutions_take_slopes_of_any_order_and_type(rng):
    layer = Conv2d(2, 3, 2)
    layer.initialize(rng)
    layer.forward(rng.normal(size=(2, 4, 4, 2)), training=True)
    direction = rng.normal(size=(2, 3, 3, 3)).astype(np.float32)
    expected = layer.backward(direction.astype(np.float64)), layer.weight_gradient.copy(), layer.bias_gradient.copy()
    found = layer.backward(np.asfortranarray(direction)), layer.weight_gradient, layer.bias_gradient
    for ours, wanted in zip(found, expected, strict=True):
        np.testing.assert_array_equal(ours, wanted)


def test_the_first_of_equal_numbers_gets_the_slope():
    layer = MaxPool2d(2)
    layer.forward(np.zeros((1, 2, 2, 1)), training=True)
    assert layer.backward(np.ones((1, 1, 1, 1))).ravel().tolist() == [1, 0, 0, 0]


def test_slope_of_relu_at_zero_is_zero():
    layer = ReLU()
    layer.forward(np.zeros((1, 1)), training=True)
    assert layer.backward(np.ones((1, 1))) == 0


def test_max_of_negative_images_is_negative():
    assert MaxPool2d(2).forward(np.full((1, 3, 3, 1), -2.0)).tolist() == [[[[-2.0]]]]


def test_dropout_keeps_the_mean_and_drops_the_same_slopes(rng):
    layer = Dropout(0.3)
    layer.initialize(rng)
    x = np.ones((200, 100))
    y = layer.forward(x, training=True)
    assert set(np.unique(y)) == {0, 1 / 0.7}
    assert y.mean() == pytest.approx(1, abs=0.02)
    np.testing.assert_array_equal(layer.backward(x), y)
    assert layer.forward(x) is x
    assert not np.array_equal(layer.forward(x, training=True), y)


def test_dropout_of_a_model_follows_its_seed():
    def output(seed):
        return Sequential([Dropout()], seed=seed).forward(np.ones((1, 50)), training=True)

    assert np.array_equal(output(1), output(1))
    assert not np.array_equal(output(1), output(2))


def test_normalisation_keeps_the_dtype_of_the_model():
    model = Sequential([Linear(2, 3), BatchNorm(3), LayerNorm(3)])
    output = model.forward(np.eye(2), training=True)
    assert output.dtype == model.backward(output).dtype == model.predict(np.eye(2)).dtype == np.float32
    assert model.layers["batchnorm1"].memory["mean"].dtype == np.float32


VARIANCES = {"xavier": 2 / 500, "he": 2 / 200, "lecun": 1 / 200}


@pytest.mark.parametrize("normal", [False, True])
@pytest.mark.parametrize("rule", VARIANCES)
def test_first_weights_have_the_stated_variance(rule, normal, rng):
    weights = draw_weights(f"{rule}_normal" if normal else rule, (400, 300), 200, 300, rng)
    assert weights.mean() == pytest.approx(0, abs=0.001)
    assert weights.var() == pytest.approx(VARIANCES[rule], rel=0.02)
    limit = np.sqrt(3 * VARIANCES[rule])
    assert (np.abs(weights).max() > limit) == normal


def test_fans_of_a_convolution_count_the_area(rng):
    layer = Conv2d(16, 32, 5)
    layer.initialize(rng)
    assert layer.weight.var() == pytest.approx(2 / (16 * 25), rel=0.05)


def cifar(**options):
    """The network of the CIFAR-10 tutorial."""
    names = ["conv1", "pool1", "conv2", "pool2", "conv3", "pool3", "flatten", "linear1", "linear2"]
    convolutions = [Conv2d(a, b, 5, padding=2) for a, b in [(3, 32), (32, 32), (32, 64)]]
    layers = [layer for conv in convolutions for layer in (conv, MaxPool2d(2))]
    layers += [Flatten(), Linear(1024, 64), Linear(64, 10)]
    return Sequential({"input": ChannelsLast(), **dict(zip(names, layers, strict=True))}, **options)


@pytest.mark.covers(108, 109, 110, 111, 112, 113, 114, 115)
def test_summary_counts_the_145578_parameters_of_the_cifar_network():
    counts = [line.split()[-1] for line in cifar().summary((3, 32, 32)).splitlines()[1:]]
    expected = ["0", "2,432", "0", "25,632", "0", "51,264", "0", "0", "65,600", "650", "145,578"]
    assert counts == expected
    lines = dict(line.split(maxsplit=1) for line in cifar().summary((3, 32, 32)).splitlines())
    assert "32 x 32 x 32" in lines["conv1"]
    assert "4 x 4 x 64" in lines["pool3"]


@pytest.mark.covers(104, 108, 114)
@pytest.mark.peer
def test_the_cifar_network_equals_that_of_torch(rng):
    torch = peer("torch")
    nn, model = torch.nn, cifar(dtype=np.float64)
    layers = [layer for a, b in [(3, 32), (32, 32), (32, 64)] for layer in (nn.Conv2d(a, b, 5, 1, 2), nn.MaxPool2d(2))]
    rival = nn.Sequential(*layers, nn.Flatten(), nn.Linear(1024, 64), nn.Linear(64, 10)).double()
    with torch.no_grad():
        for layer, theirs in zip(list(model.layers.values())[1:], rival, strict=True):
            if layer.size:
                weight = as_torch(layer.weight)
                if weight.shape == (64, 1024):  # torch flattens channel by channel
                    weight = weight.reshape(64, 4, 4, 64).transpose(0, 3, 1, 2).reshape(64, 1024)
                theirs.weight.copy_(torch.tensor(np.ascontiguousarray(weight)))
                theirs.bias.copy_(torch.tensor(layer.bias))
    x = rng.normal(size=(5, 3, 32, 32))
    theirs = torch.tensor(x, requires_grad=True)
    output = rival(theirs)
    direction = rng.normal(size=(5, 10))
    output.backward(torch.tensor(direction))
    np.testing.assert_allclose(model.forward(x, training=True), output.detach(), rtol=1e-7, atol=1e-12)
    np.testing.assert_allclose(model.backward(direction), theirs.grad, rtol=1e-7, atol=1e-10)
    kernel = model.layers["conv1"].weight_gradient
    np.testing.assert_allclose(as_torch(kernel), rival[0].weight.grad, rtol=1e-7, atol=1e-10)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: Linear(0, 1), OptionError, "inputs=0, outputs=1"),
        (lambda: Linear(2.0, 1), OptionError, "whole numbers of at least 1, got inputs=2.0, outputs=1"),
        (lambda: Conv2d(1, 1, (3, 3)), OptionError, r"kernel_size=\(3, 3\)"),
        (lambda: Conv2d(1, 1, 3, padding="same"), OptionError, "a number from 0 to 2, got same"),
        (lambda: Linear(1, 1, init="zeros"), OptionError, "'xavier' or .* got 'zeros'"),
        (lambda: LeakyReLU(1), OptionError, "slope of LeakyReLU"),
        (lambda: ELU(0), OptionError, "alpha of ELU"),
        (lambda: Dropout(1), OptionError, r"rate of Dropout: expected a number in \[0, 1\)"),
        (lambda: Conv2d(1, 1, 3, padding=3), OptionError, "padding of Conv2d: expected a number from 0 to 2, got 3"),
        (lambda: Conv2d(1, 1, 3, stride=0), OptionError, "stride=0"),
        (lambda: Conv2d(1, 1, 3, init="zeros"), OptionError, "'lecun_normal', got 'zeros'"),
        (lambda: MaxPool2d(0), OptionError, "kernel_size=0"),
        (lambda: LayerNorm(0), OptionError, "features=0"),
        (lambda: BatchNorm(3, momentum=0), OptionError, "momentum of BatchNorm"),
        (lambda: BatchNorm(3, eps=0), OptionError, "eps of BatchNorm"),
        (lambda: Embedding(0, 1), OptionError, "count=0"),
        (lambda: Conv2d(3, 1, 3).forward(np.zeros((2, 3, 8, 8))), ShapeError, r"ChannelsLast\(\) first"),
        (lambda: Conv2d(3, 1, 3).forward(np.zeros((2, 2, 8, 3))), ShapeError, "at least 3 x 3"),
        (lambda: MaxPool2d(2).forward(np.zeros((2, 2))), ShapeError, r"\(N, height, width, channels\)"),
        (lambda: ChannelsLast().forward(np.zeros((2, 2))), ShapeError, r"\(N, channels, height, width\)"),
        (
            lambda: BatchNorm(2).forward(np.zeros((1, 2)), training=True),
            ShapeError,
            "two values a feature.*Try: another batch_size",
        ),
        (lambda: LayerNorm(2).forward(np.zeros((1, 3))), ShapeError, r"\(N, ..., 2\), got \(1, 3\)"),
        (lambda: Embedding(3, 1).forward(np.array([[0.0, 3.0]])), TargetError, r"from 0 to 2, got 3.0 at \(0, 1\)"),
        (lambda: Embedding(3, 1).forward(np.array([[0.5]])), TargetError, "got 0.5"),
        (lambda: MaxPool2d(2).backward(np.zeros((1, 1, 1, 1))), LossfnError, "MaxPool2d.backward"),
    ],
)
def test_wrong_use(call, error, message):
    with pytest.raises(error, match=message):
        call()
