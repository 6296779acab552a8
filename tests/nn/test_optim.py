from dataclasses import FrozenInstanceError

import numpy as np
import pytest

from lossfn.core.dispatch import using
from lossfn.core.errors import OptionError
from lossfn.nn import (
    SGD,
    Adadelta,
    Adagrad,
    Adam,
    AdamW,
    Linear,
    Optimizer,
    RAdam,
    RMSProp,
    Sequential,
    Tanh,
    clip_norm,
    clip_value,
)
from peers import peer

STEPS = 20
PAIRS = [
    (SGD(0.1), "SGD", {"lr": 0.1}),
    (SGD(0.1, momentum=0.9), "SGD", {"lr": 0.1, "momentum": 0.9}),
    (SGD(0.1, momentum=0.9, nesterov=True), "SGD", {"lr": 0.1, "momentum": 0.9, "nesterov": True}),
    (Adagrad(0.1), "Adagrad", {"lr": 0.1}),
    (RMSProp(0.1), "RMSprop", {"lr": 0.1}),
    (RMSProp(0.1, 0.5, 0.01), "RMSprop", {"lr": 0.1, "alpha": 0.5, "eps": 0.01}),
    (Adadelta(0.5), "Adadelta", {"lr": 0.5}),
    (Adadelta(0.5, 0.7, 0.01), "Adadelta", {"lr": 0.5, "rho": 0.7, "eps": 0.01}),
    (Adam(0.1), "Adam", {"lr": 0.1}),
    (Adam(0.1, 0.5, 0.7, 0.01), "Adam", {"lr": 0.1, "betas": (0.5, 0.7), "eps": 0.01}),
    (AdamW(0.1), "AdamW", {"lr": 0.1}),
    (AdamW(0.1, decay=0.3), "AdamW", {"lr": 0.1, "weight_decay": 0.3}),
    (RAdam(0.1), "RAdam", {"lr": 0.1}),
    (RAdam(0.1, 0.5, 0.9, 0.01), "RAdam", {"lr": 0.1, "betas": (0.5, 0.9), "eps": 0.01}),
]


@pytest.mark.covers(122)
@pytest.mark.peer
@pytest.mark.parametrize(("optimizer", "name", "options"), PAIRS, ids=[repr(pair[0]) for pair in PAIRS])
@pytest.mark.parametrize("engine", ["native", "reference"])
@pytest.mark.parametrize(("dtype", "tolerance"), [(np.float64, 1e-13), (np.float32, 1e-6)])
def test_steps_equal_those_of_torch(optimizer, name, options, dtype, tolerance, engine, rng):
    torch = peer("torch")
    ours = rng.normal(size=20).astype(dtype)
    theirs = torch.tensor(ours.copy(), requires_grad=True)
    rival, state = getattr(torch.optim, name)([theirs], **options), optimizer.start(ours)
    for _ in range(STEPS):
        gradient = rng.normal(size=20).astype(dtype)
        theirs.grad = torch.tensor(gradient)
        rival.step()
        with using(engine):
            optimizer.step(ours, gradient, state)
        np.testing.assert_allclose(ours, theirs.detach().numpy(), rtol=tolerance, atol=tolerance)
    assert ours.dtype == dtype


@pytest.mark.covers(122)
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
    assert (parameters[2] == 1) != isinstance(optimizer, AdamW)
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
        (lambda: AdamW(decay=-1), "decay of AdamW"),
        (lambda: RMSProp(decay=1), "decay of RMSProp"),
        (lambda: RMSProp(eps=-1), "eps of RMSProp"),
        (lambda: Adagrad(eps=-1), "eps of Adagrad"),
        (lambda: Adadelta(decay=1), "decay of Adadelta"),
        (lambda: Adadelta(eps=0), "eps of Adadelta"),
        (lambda: clip_norm(np.ones(1), 0), "limit of clip_norm"),
        (lambda: clip_value(np.ones(1), 0), "limit of clip_value"),
    ],
)
def test_wrong_hyperparameters(build, message):
    with pytest.raises(OptionError, match=message):
        build()


def test_a_rule_of_your_own_needs_a_formula_only():
    class Sign(Optimizer):
        @property
        def averages(self):
            return ("last",)

        def rule(self, m, now, given):
            lead = 0.9 * now.last + 0.1 * now.gradient
            return {"weight": now.weight - given.rate * m.sign(lead), "last": now.gradient}

    optimizer, weights = Sign(0.5), np.zeros(40)
    state = optimizer.start(weights)
    optimizer.step(weights, np.linspace(-1, 1, 40), state, scale=0.5)
    np.testing.assert_array_equal(weights, -0.25 * np.sign(np.linspace(-1, 1, 40)))
    np.testing.assert_array_equal(state.averages["last"], np.linspace(-1, 1, 40))


def test_the_base_optimizer_has_no_rule():
    with pytest.raises(NotImplementedError):
        Optimizer(0.1).step(np.zeros(1), np.zeros(1), Optimizer(0.1).start(np.zeros(1)))


@pytest.mark.filterwarnings("error")
@pytest.mark.parametrize(("dtype", "unit"), [(np.float32, 1e30), (np.float64, 1e200)])
def test_gradients_whose_squares_overflow_are_clipped(dtype, unit):
    gradient = np.array([3 * unit, 4 * unit], dtype)
    assert clip_norm(gradient, 1.0) == pytest.approx(5 * unit)
    np.testing.assert_allclose(gradient, [0.6, 0.8], rtol=1e-6)


@pytest.mark.peer
def test_clipping_equals_torch(rng):
    torch = peer("torch")
    for limit in (0.5, 100.0):
        ours = rng.normal(size=9)
        theirs = torch.zeros(9, dtype=torch.float64)
        theirs.grad = torch.tensor(ours.copy())
        norm = torch.nn.utils.clip_grad_norm_([theirs], limit)
        assert clip_norm(ours, limit) == pytest.approx(float(norm), rel=1e-12)
        np.testing.assert_allclose(ours, theirs.grad, rtol=1e-5)
        torch.nn.utils.clip_grad_value_([theirs], 0.1)
        clip_value(ours, 0.1)
        np.testing.assert_allclose(ours, theirs.grad, rtol=1e-5)
