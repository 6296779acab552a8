"""How far tensor operations are from truths at 200 digits: they have no wider format to compute in."""

from pathlib import Path

import numpy as np
import pytest

import lossfn as lf
from lossfn.explanation.accuracy import measure
from lossfn.explanation.accuracy.formats import FORMATS
from peers import peer
from semantics.samples import each, joined, parts

pytestmark = pytest.mark.peer
torch = peer("torch")
calls = peer("lossfn.torch.calls")
TRUTHS = Path(measure.__file__).with_name("truths.npz")
LIMITS = {"value": 4.0, "gradient": 8.0}
# Where e^x is taken of an x that is itself rounded, |x|/2 units are lost; the kernels carry what x lost.
ROUNDED = {
    "barron_nll": 2048.0,
    "generalized_cross_entropy": 64.0,
    "jensen_shannon": 128.0,
    "ppo_clip": 16.0,
    "welsch": 256.0,
}
# A slope of 2·residual·weight beyond the largest number, halved again afterwards.
OVERFLOWS = {"temporal_difference": 1}


@pytest.mark.parametrize("form", ["float32", "float64"])
@pytest.mark.parametrize("name", lf.list_losses())
def test_operations_keep_their_promise(name, form, monkeypatch):
    monkeypatch.setattr(calls, "direct", lambda *tensors: False)
    loss = lf.get(name)
    with np.load(TRUTHS) as file:
        points, truths = file[f"{name}.{form}.points"], file[f"{name}.{form}.truths"]
    prediction, target = measure.arguments(loss, points, FORMATS[form].dtype)
    found = list(measure.judged(answers(loss, prediction, target), truths, FORMATS[form], (name, form, "torch")))
    assert found
    for one in found:
        assert one.ulps <= max(LIMITS[one.what], ROUNDED.get(name, 0.0)), one
        assert one.failures <= OVERFLOWS.get(name, 0), one


def answers(loss, prediction, target):
    """Terms and slopes as arrays."""
    given = each(lambda array: torch.tensor(array, requires_grad=loss.differentiable), prediction)
    terms = loss(given, torch.tensor(target), reduction="none", check=False)
    if not loss.differentiable:
        return (terms.numpy(),)
    terms.sum().backward()
    return terms.detach().numpy(), joined([p.grad.numpy() for p in parts(given)])
