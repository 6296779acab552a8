"""Tensor operations keep the limits of a framework's operations."""

import pytest

import lossfn as lf
from accuracy.operations import check
from peers import peer
from semantics.samples import each, joined, parts

pytestmark = pytest.mark.peer
torch = peer("torch")
calls = peer("lossfn.torch.calls")


@pytest.mark.parametrize("form", ["float32", "float64"])
@pytest.mark.parametrize("name", lf.list_losses())
def test_operations_keep_their_promise(name, form, monkeypatch):
    monkeypatch.setattr(calls, "direct", lambda *tensors: False)
    loss = lf.get(name)
    check(name, loss, form, lambda prediction, target: answers(loss, prediction, target))


def answers(loss, prediction, target):
    """Terms and slopes as arrays."""
    given = each(lambda array: torch.tensor(array, requires_grad=loss.differentiable), prediction)
    terms = loss(given, torch.tensor(target), reduction="none", check=False)
    if not loss.differentiable:
        return (terms.numpy(),)
    terms.sum().backward()
    return terms.detach().numpy(), joined([p.grad.numpy() for p in parts(given)])
