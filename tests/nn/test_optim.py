from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from lossfn.core.errors import OptionError
from lossfn.nn import SGD, Adam, Linear, Sequential, Tanh
from peers import peer

STEPS = 5
PAIRS = [
    (SGD(0.1), "SGD", {"lr": 0.1}),
    (SGD(0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    (SGD(0.1, momentum=0.9, nesterov=True), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (Adam(0.1), "Adam", {"lr": 0.1}),
    (Adam(0.1, 0.5, 0.7, 0.01), "Adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.01}),
]


@pytest.mark.peer
@pytest.mark.parametrize(("optimizer", "name", "options"), PAIRS, ids=[repr(pair[0]) for pair in PAIRS])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-14), (np.float32, 1e-6)])
def test_steps_equal_those_of_torch(optimizer, name, options, dtype, tolerance, rng):
    torch = peer("torch")
    ours = rng.normal(size=20).astype(dtype)
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    rival, state = getattr(torch.optim, name)([theirs], **options), optimizer.start(ours)
    for _ in range(STEPS):
        gradient = rng.normal(size=20).astype(dtype)
        theirs.grad = torch.tensor(gradient)
        rival.step()
        optimizer.step(ours, gradient, state)
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    assert ours.dtype == dtype


@pytest.mark.peer
@pytest.mark.parametrize(("optimizer", "name", "options"), PAIRS, ids=[repr(pair[0]) for pair in PAIRS])
def test_training_a_network_equals_torch(optimizer, name, options, rng):
    torch = peer("torch")
    x, y = rng.normal(size=(2, 8, 1))
    model = Sequential([Linear(1, 4), Tanh(), Linear(4, 1)], dtype=np.float64)
    rival = twin(torch, model)
    theirs, state = getattr(torch.optim, name)(rival.parameters(), **options), optimizer.start(model.parameters)
    for _ in range(STEPS):
        residual = model.forward(x, training=True) - y
        model.backward(2 * residual / residual.size)
        optimizer.step(model.parameters, model.gradients, state)
        theirs.zero_grad()
        torch.nn.functional.mse_loss(rival(torch.tensor(x)), torch.tensor(y)).backward()
        theirs.step()
        np.testing.assert_allclose(model.predict(x), rival(torch.tensor(x)).detach().numpy(), atol=1e-12)


def twin(torch, model):
    """A torch network with the parameters of `model`."""
    nn = torch.nn
    rival = nn.Sequential(nn.Linear(1, 4), nn.Tanh(), nn.Linear(4, 1)).double()
    with torch.no_grad():
        for ours, theirs in zip(model.layers.values(), rival, strict=True):
            if isinstance(ours, Linear):
                theirs.weight.copy_(torch.tensor(ours.weight.T.copy()))
                theirs.bias.copy_(torch.tensor(ours.bias))
    return rival


@pytest.mark.parametrize("optimizer", [pair[0] for pair in PAIRS], ids=repr)
def test_a_step_leaves_the_gradient_alone_and_counts(optimizer):
    parameters, gradient = np.ones(3), np.array([1.0, -2.0, 0.0])
    state = optimizer.start(parameters)
    optimizer.step(parameters, gradient, state)
    optimizer.step(parameters, gradient, state)
    assert gradient.tolist() == [1, -2, 0]
    assert parameters[0] < 1 < parameters[1]
    assert parameters[2] == 1
    assert state.steps == 2


def test_hyperparameters_are_frozen():
    with pytest.raises(FrozenInstanceError):
        Adam().learning_rate = 1.0


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: SGD(0), "learning_rate of SGD: expected a positive number, got 0"),
        (lambda: SGD(momentum=1), r"momentum of SGD: expected a number in \[0, 1\), got 1"),
        (lambda: SGD(nesterov=True), "momentum of SGD: expected a positive number with nesterov"),
        (lambda: Adam(float("nan")), "learning_rate of Adam: .* got nan"),
        (lambda: Adam(beta1=-0.1), "beta1 of Adam"),
        (lambda: Adam(beta2=1.0), "beta2 of Adam"),
        (lambda: Adam(eps=-1), "eps of Adam"),
    ],
)
def test_wrong_hyperparameters(build, message):
    with pytest.raises(OptionError, match=message):
        build()
