"""The route of tensor operations: what autograd, functorch and the compiler ask of it, for every loss."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.domain import REAL, Interval
from lossfn.core.errors import ShapeError
from lossfn.core.kinds import Pointwise
from peers import peer
from semantics.samples import joined, parts
from with_torch.drawn import LOSSES, SMOOTH, N, arrays, tensors

pytestmark = pytest.mark.peer
torch = peer("torch")
calls, function = peer("lossfn.torch.calls"), peer("lossfn.torch.function")
# torch's own warning, when forward mode loads.
FORWARD = pytest.mark.filterwarnings("ignore:`torch.jit.script` is deprecated")
REDUCTIONS = ("mean", "sum", "none")
# The slow checks take one loss of each class, and sums.
ONE = list({type(loss): loss for loss in reversed(SMOOTH)}.values())


@pytest.fixture
def by_operations(monkeypatch):
    monkeypatch.setattr(calls, "direct", lambda *tensors: False)


def within(domain, array):
    """Numbers clear of the ends of a domain: beyond them there are no differences."""
    if not isinstance(domain, Interval) or isinstance(array.flat[0], np.integer):
        return array
    return np.clip(array, domain.low + 0.01, domain.high - 0.01)


def inputs(loss, rng, targets=True):
    """Leaves of a loss, and the call as a function of them."""
    prediction, target = arrays(loss, rng)
    if isinstance(loss, Pointwise):
        domains = [loss.domains().get(name, REAL) for name in loss.inputs]
        columns = zip(domains, [*parts(prediction), target], strict=True)
        *predictions, target = [within(domain, array) for domain, array in columns]
        prediction = joined(predictions)
    given, truth = tensors(torch, prediction, target)
    truth = truth if targets else truth.detach()
    leaves = (*parts(given), *([truth] if truth.requires_grad else []))

    def call(*tensors, **options):
        prediction = joined(list(tensors[: len(parts(given))]))
        return loss(prediction, tensors[-1] if truth.requires_grad else truth, **options)

    return leaves, call


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_values_are_the_kernels(loss, reduction, rng, by_operations):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    weight = np.arange(float(N))
    got = loss(given, truth, reduction=reduction, sample_weight=torch.tensor(weight))
    expected = loss(prediction, target, reduction=reduction, sample_weight=weight)
    np.testing.assert_allclose(got.detach(), expected, rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_gradients_are_the_kernels(loss, rng, by_operations):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    loss(given, truth.detach()).backward()
    _, slope = loss.value_and_grad(prediction, target)
    for got, expected in zip(parts(given), parts(slope), strict=True):
        np.testing.assert_allclose(got.grad, expected, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss", [lf.CrossEntropy(), lf.CrossEntropy(label_smoothing=0.1), lf.Focal()], ids=repr)
def test_infinite_logits_cost_infinity(loss, by_operations):
    rows = np.array([[0, np.inf, 1], [np.inf, 0, 0], [np.inf, np.inf, 0], [-np.inf, 0, 0], [-np.inf] * 3])
    labels = np.zeros(5, np.int64)
    given = torch.tensor(rows, requires_grad=True)
    terms = loss(given, torch.tensor(labels), reduction="none")
    terms.sum().backward()
    expected, slope = loss.value_and_grad(rows, labels, reduction="none")
    np.testing.assert_allclose(terms.detach(), expected, rtol=1e-14)
    np.testing.assert_allclose(given.grad, slope, rtol=1e-14, atol=1e-15)


def test_a_table_of_another_length_is_an_error(by_operations):
    with pytest.raises(ShapeError, match="class_weight: expected one number for each of 3 classes"):
        lf.CrossEntropy(class_weight=[1.0, 2.0])(torch.zeros(2, 3), torch.tensor([0, 1]))


CHECK = {"eps": 1e-6, "atol": 1e-5, "rtol": 1e-4}


@pytest.mark.covers(139, 144)
@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_kernels_pass_gradcheck_and_gradgradcheck(loss, rng):
    leaves, call = inputs(loss, rng)
    assert torch.autograd.gradcheck(lambda *x: call(*x, reduction="none", check=False), leaves, **CHECK)
    assert torch.autograd.gradgradcheck(lambda *x: call(*x, reduction="none", check=False), leaves, **CHECK)


@FORWARD
@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_operations_pass_gradcheck_in_both_modes(loss, rng, by_operations):
    leaves, call = inputs(loss, rng)
    modes = {"check_forward_ad": True, "check_batched_grad": True}
    assert torch.autograd.gradcheck(lambda *x: call(*x, check=False), leaves, **CHECK, **modes)
    assert torch.autograd.gradgradcheck(lambda *x: call(*x, check=False), leaves, **CHECK, check_fwd_over_rev=True)


@pytest.mark.covers(144)
@FORWARD
@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_functional_transforms(loss, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    given, truth = joined([p.detach() for p in parts(given)]), truth.detach()
    slope = torch.func.grad(lambda p: loss(p, truth, reduction="sum"))(given)
    each_row = torch.func.vmap(torch.func.grad(lambda p, t: loss(p, t, reduction="sum")))(given, truth)
    _, expected = loss.value_and_grad(prediction, target, reduction="sum")
    for got, rows, truth in zip(parts(slope), parts(each_row), parts(expected), strict=True):
        np.testing.assert_allclose(got, truth, rtol=1e-11, atol=1e-13)
        np.testing.assert_allclose(rows, truth, rtol=1e-11, atol=1e-13)


@FORWARD
@pytest.mark.parametrize("loss", ONE, ids=repr)
def test_hessians_have_our_diagonal(loss, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    first, *others = [p.detach() for p in parts(given)]
    _, bent = loss.grad_and_hess(prediction, target)
    for hessian in (torch.func.hessian, lambda f: torch.func.jacrev(torch.func.jacrev(f))):
        got = hessian(lambda p: loss(joined([p, *others]), truth.detach(), reduction="sum"))(first)
        got = got.reshape(first.numel(), -1).diagonal().reshape(first.shape)
        np.testing.assert_allclose(got, parts(bent)[0], rtol=1e-9, atol=1e-12)
