"""Cases on a mesh of ranks: DTensors, however they lie, give what plain tensors give on one rank."""

from functools import cache, partial

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import DTypeError, ShapeError
from peers import peer
from semantics.samples import joined
from with_torch.over_classes import LABELS, PROBABILITIES, TABLE, UPSTREAM, K, N, same_on_all, scores, targets

pytestmark = pytest.mark.peer
torch = peer("torch")
distributed, tensor = peer("torch.distributed"), peer("torch.distributed.tensor")
loss_parallel, F = peer("torch.distributed.tensor.parallel").loss_parallel, torch.nn.functional
all_reduce, functional = peer("lossfn.torch").all_reduce, peer("lossfn.torch.functional")
Shard, Replicate, Partial, DTensor = tensor.Shard, tensor.Replicate, tensor.Partial, tensor.DTensor

LAYOUTS = {
    "rows": (4, [Shard(0)]),
    "whole": (4, [Replicate()]),
    "classes": (4, [Shard(1)]),
    "rows and classes": ((2, 2), [Shard(0), Shard(1)]),
    "classes twice": ((2, 2), [Shard(1), Shard(1)]),
}
LOSSES = {name: (LABELS | PROBABILITIES)[name] for name in ("full", "own", "log_probs", "soft", "js", "kl of logs")}
POINTWISE = {
    "huber": lf.Huber(),
    "table": lf.BinaryCrossEntropyWithLogits(pos_weight=TABLE),
    "several": lf.GaussianNLL(),
}


@cache
def mesh(shape):
    names = ("rows", "classes")[-len(shape) :] if isinstance(shape, tuple) else ("all",)
    return tensor.init_device_mesh("cpu", shape if isinstance(shape, tuple) else (shape,), mesh_dim_names=names)


def spread(array, layout):
    shape, placements = LAYOUTS[layout]
    placed = tensor.distribute_tensor(torch.tensor(array), mesh(shape), placements, src_data_rank=None)
    return placed.requires_grad_() if placed.is_floating_point() else placed


def arrays(loss):
    """Predictions in a list, and a target."""
    if loss in LOSSES.values():
        return [scores()], targets(loss)
    rng = np.random.default_rng(5)
    predictions = [rng.gamma(2.0, 1.0, (N, K)) for _ in loss.predictions]
    return predictions, rng.uniform(0, 1, (N, K))


def same_as_plain(loss, layout):
    predictions, target = arrays(loss)
    weight, truth = np.arange(float(N)), torch.tensor(target)
    # One target lies like the predictions where it can, the other is whole on every rank and no DTensor.
    placed = spread(target, layout).detach() if target.ndim == 2 else truth
    for (reduction, upstream), labels in zip(UPSTREAM.items(), (placed, truth, placed), strict=True):
        given, plain = [spread(p, layout) for p in predictions], [torch.tensor(p).requires_grad_() for p in predictions]
        options = {"reduction": reduction, "sample_weight": torch.tensor(weight)}
        value, expected = loss(joined(given), labels, **options), loss(joined(plain), truth, **options)
        factor = torch.tensor(np.reshape(upstream, np.shape(upstream) + (1,) * (expected.ndim - 1)))
        np.testing.assert_allclose(value.full_tensor().detach(), expected.detach(), rtol=1e-12, atol=1e-300)
        (value.full_tensor() * factor).sum().backward()
        (expected * factor).sum().backward()
        for got, slope in zip(given, plain, strict=True):
            assert got.grad.placements == got.placements
            np.testing.assert_allclose(got.grad.full_tensor(), slope.grad, rtol=1e-12, atol=1e-15)
    sums, of_plain = loss.accumulate(joined(given), placed), loss.accumulate(joined(plain), truth)
    np.testing.assert_allclose(sums.total.item(), of_plain.total.item(), rtol=1e-12)
    assert (sums.denominator, sums.count) == (of_plain.denominator, of_plain.count)


def scores_that_are_sums():
    x, labels, loss = scores(), torch.tensor(targets(LABELS["plain"])), LABELS["plain"]
    x = np.where(np.isinf(x), 0.0, x)
    part = torch.tensor(x / 4, requires_grad=True)
    loss(DTensor.from_local(part, mesh(4), [Partial()]), labels).backward()
    np.testing.assert_allclose(part.grad, loss.value_and_grad(x, labels.numpy())[1], rtol=1e-12, atol=1e-15)


def rows_by_one_dimension_and_classes_by_another():
    """Data-parallel ranks of different rows, each with a vocabulary over two ranks."""
    grid, loss, x, labels = mesh((2, 2)), LABELS["full"], scores(), targets(LABELS["full"])
    rows = (slice(0, 2), slice(2, N))[grid.get_local_rank("rows")]
    part = tensor.distribute_tensor(torch.tensor(x[rows]), grid["classes"], [Shard(1)]).requires_grad_()
    sums = all_reduce(loss.accumulate(part, torch.tensor(labels[rows])), grid.get_group("rows"))
    value, slope = loss.value_and_grad(x, labels)
    sums.mean().backward()
    np.testing.assert_allclose(sums.mean().item(), value, rtol=1e-13)
    same_on_all(sums.mean(), None)
    averaged = part.grad.full_tensor() / 2  # what DDP and FSDP make of it
    np.testing.assert_allclose(averaged, slope[rows], rtol=1e-12, atol=1e-15)


def only_weights_are_spread():
    x, labels, weight = scores(), targets(LABELS["full"]), np.arange(float(N))
    placed = tensor.distribute_tensor(torch.tensor(weight), mesh(4), [Shard(0)])
    value = LABELS["full"](torch.tensor(x), torch.tensor(labels), sample_weight=placed)
    np.testing.assert_allclose(value.to_local(), LABELS["full"](x, labels, sample_weight=weight), rtol=1e-13)


def other_questions_are_refused():
    given, labels = spread(scores(), "classes"), torch.tensor(targets(LABELS["full"]))
    with pytest.raises(DTypeError, match=r"got a DTensor. Try: loss\(prediction, target\)\.backward\(\)"):
        LABELS["full"].value_and_grad(given, labels)
    with pytest.raises(ShapeError, match=r"target: expected labels of shape \(7,\), got shape \(6,\)"):
        LABELS["full"](given, labels[1:])


def torch_agrees():
    """On two ranks: with a rank that holds no class torch's own raises."""
    x, labels = np.random.default_rng(6).normal(0, 2, (N, K)), torch.tensor(targets(LABELS["full"]))
    over = mesh((2, 2))["classes"]
    ours, theirs = (tensor.distribute_tensor(torch.tensor(x), over, [Shard(1)]).requires_grad_() for _ in range(2))
    whole = [tensor.distribute_tensor(t, over, [Replicate()]) for t in (labels, torch.tensor(TABLE).double())]
    value = lf.CrossEntropy(class_weight=TABLE)(ours, labels)
    value.backward()
    with loss_parallel():
        expected = F.cross_entropy(theirs, whole[0], weight=whole[1])
        expected.backward()
    np.testing.assert_allclose(value.to_local().item(), expected.to_local().item(), rtol=1e-13)
    np.testing.assert_allclose(ours.grad.full_tensor(), theirs.grad.full_tensor(), rtol=1e-12, atol=1e-15)


def drop_ins_take_dtensors():
    """What torch's `loss_parallel` refuses: smoothing, and probabilities."""
    x, labels = np.random.default_rng(6).normal(0, 2, (N, K)), torch.tensor(targets(LABELS["full"]))
    for target in (labels, torch.tensor(targets(PROBABILITIES["soft"]))):
        given, plain = spread(x, "classes"), torch.tensor(x, requires_grad=True)
        value = functional.cross_entropy(given, target, label_smoothing=0.1)
        expected = F.cross_entropy(plain, target, label_smoothing=0.1)
        value.backward()
        expected.backward()
        np.testing.assert_allclose(value.to_local().item(), expected.item(), rtol=1e-13)
        np.testing.assert_allclose(given.grad.full_tensor(), plain.grad, rtol=1e-12, atol=1e-15)


CASES = {
    f"{name}, {layout}": partial(same_as_plain, loss, layout)
    for name, loss in (LOSSES | POINTWISE).items()
    for layout in LAYOUTS
}
CASES |= {
    case.__name__: case
    for case in (
        scores_that_are_sums,
        rows_by_one_dimension_and_classes_by_another,
        torch_agrees,
        drop_ins_take_dtensors,
        only_weights_are_spread,
        other_questions_are_refused,
    )
}
