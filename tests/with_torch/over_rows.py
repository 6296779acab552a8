"""Cases on several ranks: rows spread unevenly over ranks and micro-batches are trained on as one batch."""

from functools import cache, partial

import numpy as np
import pytest

import lossfn as lf
from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
distributed, fsdp = peer("torch.distributed"), peer("torch.distributed.fsdp")
tensor = peer("torch.distributed.tensor")
all_reduce = peer("lossfn.torch").all_reduce

N, K = 12, 3
# Where each rank's micro-batches end: rank 1 has one row, then none.
ENDS = ((3, 4), (5, 5), (9, 12))
LOSSES = {
    "labels": lf.CrossEntropy(class_weight=[0.5, 2.0, 1.0], label_smoothing=0.1, ignore_index=0),
    "numbers": lf.Huber(),
    "probabilities": lf.KLFromLogits(),
}


def data(kind):
    """Inputs, target and weights of N rows."""
    rng = np.random.default_rng(0)
    x, weight = rng.normal(0, 1, (N, 4)), rng.integers(0, 4, N).astype(float)
    targets = {"labels": rng.integers(0, K, N), "numbers": rng.normal(0, 1, (N, K))}
    targets["probabilities"] = rng.dirichlet(np.ones(K), N)
    return tuple(map(torch.tensor, (x, targets[kind], weight)))


def network():
    torch.manual_seed(0)
    return torch.nn.Sequential(torch.nn.Linear(4, 5), torch.nn.Tanh(), torch.nn.Linear(5, K)).double()


def micro_batches(ranks):
    """The slices of this rank; the last rank of fewer than three takes the rest."""
    ends = ENDS[: ranks - 1] + ENDS[-1:]
    starts = [0, *(last for _, last in ends)]
    rank = distributed.get_rank()
    middle, last = ends[rank]
    return slice(starts[rank], middle), slice(middle, last)


def single(kind):
    """Value and gradients of all rows at once, on one rank."""
    model, (x, y, weight) = network(), data(kind)
    value = LOSSES[kind](model(x), y, sample_weight=weight)
    value.backward()
    return value.item(), [p.grad.numpy() for p in model.parameters()]


def wrapped(how, group):
    """The network under one of torch's wrappers that average gradients."""
    if how == "DDP":
        return torch.nn.parallel.DistributedDataParallel(network(), process_group=group)
    if how == "FSDP":
        return fsdp.FullyShardedDataParallel(
            network(), process_group=group, use_orig_params=True, device_id=torch.device("cpu")
        )
    return fsdp.fully_shard(network(), mesh=tensor.DeviceMesh.from_group(group, "cpu"))


def gradients(how, model):
    """Every parameter's whole gradient."""
    if how == "FSDP":
        with fsdp.FullyShardedDataParallel.summon_full_params(model, with_grads=True):
            return [p.grad.clone().numpy() for p in model.parameters()]
    whole = [p.grad.full_tensor() if hasattr(p.grad, "full_tensor") else p.grad for p in model.parameters()]
    return [gradient.numpy() for gradient in whole]


def together(kind, model, group):
    """Sum the micro-batches, then go back once."""
    x, y, weight = data(kind)
    cuts = micro_batches(distributed.get_world_size(group))
    part = sum(LOSSES[kind].accumulate(model(x[c]), y[c], sample_weight=weight[c]) for c in cuts)
    value = all_reduce(part, group).mean()
    value.backward()
    return value.item()


def one_by_one(kind, model, group):
    """Go back through each micro-batch, then divide once."""
    x, y, weight = data(kind)
    whole, ranks = lf.LossSum(), distributed.get_world_size(group)
    for c in micro_batches(ranks):
        part = LOSSES[kind].accumulate(model(x[c]), y[c], sample_weight=weight[c])
        part.total.backward()
        whole += part
    whole = all_reduce(whole, group)
    for parameter in model.parameters():
        if parameter.grad is not None:  # FSDP: a rank may hold no part of it
            parameter.grad *= ranks / whole.denominator
    return whole.mean().item()


@cache
def first(ranks):
    """The group of the first ranks."""
    return distributed.new_group(list(range(ranks)))


def same_as_single(kind, how, train, ranks):
    group = first(ranks)
    if distributed.get_rank() >= ranks:
        return
    model = wrapped(how, group)
    value = train(kind, model, group)
    expected, slopes = single(kind)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    for got, slope in zip(gradients(how, model), slopes, strict=True):
        np.testing.assert_allclose(got, slope, rtol=1e-12, atol=1e-15)


def ranks_have_the_same_bits():
    x = torch.randn(5, K, generator=torch.Generator().manual_seed(distributed.get_rank()))
    part = all_reduce(lf.CrossEntropy().accumulate(x, torch.zeros(5, dtype=torch.long)))
    told = [None] * distributed.get_world_size()
    distributed.all_gather_object(told, (part.total.item(), part.denominator, part.count))
    assert told == told[:1] * len(told)
    assert part.count == 5 * len(told)


WAYS = [("labels", how, train) for how in ("DDP", "FSDP", "FSDP2") for train in (together, one_by_one)]
WAYS += [("numbers", "DDP", together), ("probabilities", "FSDP2", together)]
CASES = {
    f"{kind} {how} {train.__name__} {ranks}": partial(same_as_single, kind, how, train, ranks)
    for kind, how, train in WAYS
    for ranks in (2, 3)
} | {"same bits": ranks_have_the_same_bits}
