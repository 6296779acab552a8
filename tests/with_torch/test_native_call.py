"""Tensors on the processor: the kernel's own value and gradient, bit for bit, under any upstream gradient."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import ArgumentError, DerivativeError, DTypeError, OptionError
from peers import peer
from semantics.samples import each, parts
from with_torch.drawn import LOSSES, SMOOTH, N, arrays, gradients, tensors

pytestmark = pytest.mark.peer
torch = peer("torch")
REDUCTIONS = ("mean", "sum", "none")
same = np.testing.assert_array_equal


def all_same(ours, expected):
    for a, b in zip(parts(ours), parts(expected), strict=True):
        same(a, b)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_value_and_gradient_are_those_of_arrays(loss, reduction, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    value = loss(given, truth.detach(), reduction=reduction)
    value.sum().backward()
    expected, slope = loss.value_and_grad(prediction, target, reduction=reduction)
    same(value.detach().numpy(), expected)
    all_same(gradients(given), slope)


@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_any_upstream_gradient_is_honoured(loss, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    terms = loss(given, truth.detach(), reduction="none", sample_weight=torch.arange(float(N)))
    upstream = torch.tensor(rng.normal(0, 1, terms.shape))
    kept = upstream.clone()
    terms.backward(upstream)
    slope, _ = loss.grad_and_hess(prediction, target, sample_weight=np.arange(float(N)))
    factor = upstream.numpy().reshape(upstream.shape + (1,) * (parts(prediction)[0].ndim - upstream.ndim))
    for got, part in zip(parts(gradients(given)), parts(slope), strict=True):
        np.testing.assert_allclose(got, part * factor, rtol=1e-14, atol=1e-300)
    same(upstream, kept)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", [loss for loss in SMOOTH if "target" in loss.inputs], ids=repr)
def test_targets_are_differentiated_too(loss, reduction, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    (3.0 * loss(given, truth, reduction=reduction)).sum().backward()
    for wrt, got in (("prediction", gradients(given)), ("target", truth.grad.numpy())):
        _, slope = loss.value_and_grad(prediction, target, reduction=reduction, wrt=wrt)
        for a, b in zip(parts(got), parts(slope), strict=True):
            np.testing.assert_allclose(a, 3.0 * b, rtol=1e-14)


@pytest.mark.parametrize("reduction", REDUCTIONS)
def test_a_second_backward_gives_the_same_again(reduction, rng):
    loss, (prediction, target) = lf.CrossEntropy(), arrays(lf.CrossEntropy(), rng)
    given, truth = tensors(torch, prediction, target)
    value = loss(given, truth, reduction=reduction).sum()
    value.backward(retain_graph=True)
    first = given.grad.clone()
    given.grad.zero_()
    value.backward()
    same(given.grad, first)
    same(given.detach(), prediction)
    same(truth, target)


@pytest.mark.parametrize("loss", [lf.Huber(), lf.CrossEntropy(), lf.GaussianNLL()], ids=repr)
def test_backward_twice_with_other_upstream_gradients_adds_up(loss, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    value = loss(given, truth.detach())
    for factor in (2.0, 1.0, 0.0, -0.5):
        value.backward(torch.tensor(factor, dtype=value.dtype), retain_graph=True)
    _, slope = loss.value_and_grad(prediction, target)
    for got, part in zip(parts(gradients(given)), parts(slope), strict=True):
        np.testing.assert_allclose(got, 2.5 * part, rtol=1e-13, atol=1e-300)


@pytest.mark.parametrize(
    "spread",
    [
        lambda up: up.expand(3, 5),
        lambda up: up.T.expand(5, 3).T,
        lambda up: torch.zeros_like(up.expand(3, 5)),
        lambda up: up.expand(3, 5).T.contiguous().T,
        lambda up: up.repeat(3, 2)[:, ::2],
    ],
)
def test_upstream_gradients_of_any_layout_are_honoured(spread, rng):
    x, t = (torch.tensor(rng.normal(0, 2, (3, 5))) for _ in range(2))
    upstream = spread(torch.tensor(rng.normal(0, 1, (1, 5))))
    kept, x = upstream.clone(), x.requires_grad_()
    lf.LogCosh()(x, t, reduction="none").backward(upstream)
    np.testing.assert_allclose(x.grad, torch.tanh(x.detach() - t) * kept, rtol=1e-13)
    same(upstream, kept)


def test_changing_an_input_between_forward_and_backward_is_an_error():
    x = torch.ones(3, requires_grad=True)
    y = x * 1.0
    value = lf.Huber()(y, torch.zeros(3))
    with torch.no_grad():
        y.add_(1.0)
    with pytest.raises(RuntimeError, match="modified by an inplace operation"):
        value.backward()


@pytest.mark.parametrize("dtype", ["float64", "float32", "float16", "bfloat16"])
@pytest.mark.parametrize("loss", [lf.Huber(), lf.CrossEntropy(), lf.KLFromLogits(), lf.GaussianNLL()], ids=repr)
def test_dtypes_are_kept(loss, dtype, rng):
    dtype = getattr(torch, dtype)
    given, truth = tensors(torch, *arrays(loss, rng, np.float32))
    narrow = each(lambda p: p.detach().to(dtype).requires_grad_(), given)
    target = truth.detach().to(dtype) if truth.is_floating_point() else truth
    for reduction in REDUCTIONS:
        value = loss(narrow, target, reduction=reduction)
        value.sum().backward()
        assert value.dtype == dtype
        assert all(p.grad.dtype == dtype for p in parts(narrow))


def test_views_are_read_where_they_lie(rng):
    base = torch.tensor(rng.normal(0, 1, (6, 8)), requires_grad=True)
    target = torch.tensor(rng.normal(0, 1, (4, 6)))
    loss = lf.LogCosh()
    loss(base.T[::2], target).backward()
    alone = base.detach().T[::2].contiguous().requires_grad_()
    loss(alone, target).backward()
    same(base.grad.T[::2], alone.grad)
    assert not base.grad.T[1::2].any()


def test_a_class_axis_may_lie_anywhere(rng):
    scores = torch.tensor(rng.normal(0, 1, (2, 4, 3)), requires_grad=True)
    labels = torch.tensor(rng.integers(0, 4, (2, 3)))
    lf.CrossEntropy()(scores, labels, axis=1).backward()
    expected = scores.detach().clone().requires_grad_()
    torch.nn.functional.cross_entropy(expected, labels).backward()
    np.testing.assert_allclose(scores.grad, expected.grad, rtol=1e-12)


@pytest.mark.parametrize("narrow", ["float16", "bfloat16"])
@pytest.mark.parametrize("loss", SMOOTH, ids=repr)
def test_autocast_keeps_values_wide_and_gradients_as_they_are(loss, narrow, rng):
    dtype = getattr(torch, narrow)
    given, truth = tensors(torch, *arrays(loss, rng, np.float32))
    target = truth.detach().to(dtype) if truth.is_floating_point() else truth
    inside, outside, wide = (
        each(lambda p, last=last: p.detach().to(dtype).to(last).requires_grad_(), given)
        for last in (dtype, dtype, torch.float32)
    )
    exact = loss(wide, target)
    loss(outside, target).backward()
    with torch.autocast("cpu", dtype=dtype):
        value = loss(inside, target)
        terms = loss(inside, target, reduction="none")
    value.backward()
    assert value.dtype == terms.dtype == torch.float32
    np.testing.assert_allclose(value.item(), exact.item(), rtol=1e-6)
    for got, expected in zip(parts(inside), parts(outside), strict=True):
        assert got.grad.dtype == dtype
        same(got.grad.float(), expected.grad.float())


def test_a_mean_of_halves_does_not_overflow():
    value = lf.SquaredError()(torch.full((70000,), 2.0, dtype=torch.float16), torch.zeros(70000, dtype=torch.float16))
    assert value.item() == 4.0


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if not loss.differentiable], ids=repr)
def test_a_loss_without_a_slope_says_so_in_backward(loss, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    value = loss(given, truth.detach())
    assert value.item() == loss(prediction, target)
    with pytest.raises(DerivativeError, match="value only"):
        value.backward()


def test_the_other_questions_are_answered_in_tensors(rng):
    loss, (prediction, target) = lf.GaussianNLL(), arrays(lf.GaussianNLL(), rng)
    given, truth = tensors(torch, prediction, target)
    weight = torch.arange(float(N))
    options = {"sample_weight": weight.numpy()}
    value, slope = loss.value_and_grad(given, truth, sample_weight=weight)
    expected, gradient = loss.value_and_grad(prediction, target, **options)
    same(value, expected)
    all_same(slope, gradient)
    for ours, theirs in zip(
        loss.grad_and_hess(given, truth, sample_weight=weight),
        loss.grad_and_hess(prediction, target, **options),
        strict=True,
    ):
        all_same(ours, theirs)
    same(loss.hessian_matrix(given, truth, sample_weight=weight), loss.hessian_matrix(prediction, target, **options))
    out = tuple(torch.empty_like(p.detach()) for p in given)
    assert loss.value_and_grad(given, truth, sample_weight=weight, out=out)[1] is out
    all_same(out, gradient)


def test_partial_sums_backpropagate(rng):
    loss, (prediction, target) = lf.CrossEntropy(class_weight=[1.0, 2.0, 0.5]), arrays(lf.CrossEntropy(), rng)
    given, truth = tensors(torch, prediction, target)
    part = loss.accumulate(given[:2], truth[:2]) + loss.accumulate(given[2:], truth[2:])
    part.mean().backward()
    value, slope = loss.value_and_grad(prediction, target)
    np.testing.assert_allclose(part.mean().item(), value, rtol=1e-15)
    np.testing.assert_allclose(given.grad, slope, rtol=1e-14)


def test_a_partial_sum_of_halves_does_not_overflow():
    x = torch.full((70000,), 2.0, dtype=torch.float16)
    assert lf.SquaredError().accumulate(x, torch.zeros_like(x)).mean().item() == 4.0


def test_a_mean_of_nothing_backpropagates():
    x = torch.ones(2, 3, requires_grad=True)
    part = lf.CrossEntropy(ignore_index=0).accumulate(x, torch.zeros(2, dtype=torch.long))
    part.mean().backward()
    assert (part.mean().item(), part.count, x.grad.abs().sum().item()) == (0.0, 0, 0.0)
    assert part.mean("nan").isnan()


ONES = torch.ones(3)


@pytest.mark.parametrize(
    ("arguments", "options", "error", "words"),
    [
        ((ONES, np.ones(3)), {}, DTypeError, r"target: expected a torch tensor, .* Try: torch\.as_tensor\(target\)"),
        ((np.ones(3), ONES), {}, DTypeError, "prediction: expected a torch tensor"),
        ((ONES, [1.0] * 3), {}, DTypeError, "target: expected a torch tensor"),
        ((ONES, ONES), {"sample_weight": np.ones(3)}, DTypeError, "sample_weight: expected a torch tensor"),
        ((ONES, ONES.to("meta")), {}, ArgumentError, r"target: expected a tensor on cpu .* got one on meta"),
        ((ONES + 0j, ONES), {}, DTypeError, r"dtype torch\.complex64"),
        ((ONES.to_sparse(), ONES), {}, DTypeError, r"layout torch.sparse_coo. Try: prediction.to_dense\(\)"),
        ((ONES.to(torch.uint16), ONES), {}, DTypeError, r"dtype torch.uint16. Try: prediction.long\(\)"),
        ((ONES.to(torch.complex64), ONES), {}, DTypeError, r"dtype torch.complex64. Try: prediction.float\(\)"),
        ((ONES, ONES), {"reduction": "avg"}, OptionError, "reduction"),
        ((ONES, ONES), {"sample_weight": ONES.clone().requires_grad_()}, DerivativeError, r"sample_weight\.detach"),
    ],
)
def test_what_does_not_belong_together_is_an_error(arguments, options, error, words):
    with pytest.raises(error, match=words):
        lf.SquaredError()(*arguments, **options)


@pytest.mark.parametrize(
    ("out", "error", "words"),
    [
        (np.empty(3, np.float32), DTypeError, r"out: expected a torch tensor, .* got a ndarray. Try: torch.as_tensor"),
        (
            torch.empty(3, device="meta"),
            ArgumentError,
            r"out: expected a tensor on cpu like prediction, got one on meta",
        ),
    ],
    ids=["ndarray", "meta"],
)
def test_the_gradient_of_tensors_is_written_to_a_tensor(out, error, words):
    with pytest.raises(error, match=words):
        lf.SquaredError().value_and_grad(ONES, ONES, out=out)


def test_no_slope_is_computed_where_none_is_wanted():
    x = torch.ones(3, requires_grad=True)
    with torch.no_grad():
        assert not lf.Huber()(x, torch.zeros(3)).requires_grad
    assert not lf.Huber()(x.detach(), torch.zeros(3)).requires_grad


def test_arrays_of_two_frameworks_are_an_error():
    other = peer("jax.numpy").ones(3)
    with pytest.raises(DTypeError, match="two frameworks in one call"):
        lf.SquaredError()(ONES, other)
    with pytest.raises(DTypeError, match="two frameworks in one call"):
        lf.SquaredError()(other, ONES)


@pytest.mark.parametrize("name", ["float64", "float16", "bfloat16", "int32"])
def test_dtypes_of_one_call_promote_as_torchs(name):
    second = getattr(torch, name)
    x = torch.ones(3, requires_grad=True)
    value = lf.SquaredError()(x, torch.zeros(3, dtype=second))
    value.backward()
    assert value.dtype == torch.promote_types(torch.float32, second)
    assert x.grad.dtype == torch.float32
