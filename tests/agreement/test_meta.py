"""One step of meta-learning: how the loss after a step of training moves with the hyperparameters trained under."""

import numpy as np
import pytest

import lossfn as lf
from peers import peer

pytestmark = pytest.mark.peer

torch = peer("torch")
STEP = 0.3


@pytest.fixture
def data(rng):
    """Inputs and targets to learn from and to judge by, weights, a delta for each row."""
    x, y, held_x, held_y = rng.normal(size=(12, 3)), rng.normal(size=12), rng.normal(size=(9, 3)), rng.normal(size=9)
    return x, y, held_x, held_y, rng.normal(size=3), rng.uniform(0.3, 1.5, 12)


def by_torch(x, y, held_x, held_y, weights, delta):
    """Return the slope in delta, differentiated through the step by torch, the formula written out."""
    theta, delta = (torch.tensor(v, requires_grad=True) for v in (weights, delta))
    residual = torch.tensor(x) @ theta - torch.tensor(y)
    size = residual.abs()
    costs = torch.where(size <= delta, 0.5 * residual**2, delta * (size - 0.5 * delta))
    (gradient,) = torch.autograd.grad(costs.mean(), theta, create_graph=True)
    after = theta - STEP * gradient
    ((torch.tensor(held_x) @ after - torch.tensor(held_y)) ** 2).mean().backward()
    return delta.grad.numpy()


@pytest.mark.covers(144)
def test_meta_gradient_from_cross_terms_equals_that_of_torch(data):
    x, y, held_x, held_y, weights, delta = data
    loss = lf.learned(lf.Huber(), "delta")
    _, (slope, _) = loss.value_and_grad((x @ weights, delta), y)
    after = weights - STEP * x.T @ slope
    _, judged = lf.SquaredError().value_and_grad(held_x @ after, held_y)
    cross = loss.hessian_matrix((x @ weights, delta), y)[:, 0, 1] / len(y)
    np.testing.assert_allclose(-STEP * cross * (x @ (held_x.T @ judged)), by_torch(*data), rtol=1e-10, atol=1e-14)


@pytest.mark.covers(144)
def test_torch_differentiates_a_learned_loss_through_the_step(data):
    x, y, held_x, held_y, weights, delta = map(torch.tensor, data)
    theta, delta = weights.requires_grad_(), delta.requires_grad_()
    value = lf.learned(lf.Huber(), "delta")((x @ theta, delta), y)
    (gradient,) = torch.autograd.grad(value, theta, create_graph=True)
    lf.SquaredError()(held_x @ (theta - STEP * gradient), held_y).backward()
    np.testing.assert_allclose(delta.grad.numpy(), by_torch(*data), rtol=1e-10, atol=1e-14)
