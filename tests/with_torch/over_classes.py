"""Cases on several ranks, each of which holds some of the classes: what one rank holding all gives."""

from functools import partial

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import OptionError, ShapeError
from peers import peer
from with_torch.over_rows import first

pytestmark = pytest.mark.peer
torch = peer("torch")
distributed = peer("torch.distributed")
ClassParallel = peer("lossfn.torch").ClassParallel
F = torch.nn.functional

N, K = 7, 5
TABLE = [0.5, 2.0, 1.0, 0.25, 3.0]
# How many of the classes each rank holds.
WIDTHS = {"uneven": (1, 3, 1), "empty": (2, 0, 3), "alone": (0, 0, 5)}


class Own(lf.Row, register=False):
    """A loss of one's own that reads all statistics."""

    share: float = 0.25

    def formula(self, m, row):
        odds = m.exp(row.log_prob)
        return -row.log_prob * (1.0 - odds) + m.softplus(row.log_sum_exp) - self.share * row.mean_log_prob * odds


class Brier(lf.Distribution, register=False):
    """Squared distance of probabilities."""

    def formula(self, m, log_prob, target):
        return (m.exp(log_prob) - target) ** 2


LABELS = {
    "plain": lf.CrossEntropy(),
    "full": lf.CrossEntropy(class_weight=TABLE, label_smoothing=0.1, ignore_index=1),
    "smooth": lf.CrossEntropy(label_smoothing=1.0),
    "z": lf.CrossEntropy(ignore_index=-100) + lf.ZLoss(weight=0.01, ignore_index=-100),
    "focal": lf.Focal(gamma=1.5, alpha=TABLE),
    "poly": lf.PolyCrossEntropy(epsilon=0.5),
    "generalized": lf.GeneralizedCrossEntropy(),
    "own": Own(),
    "log_probs": lf.NegativeLogLikelihood(class_weight=TABLE),
}
PROBABILITIES = {
    "soft": lf.CrossEntropy(class_weight=TABLE, label_smoothing=0.1),
    "kl": lf.KLFromLogits(),
    "kl of logs": lf.KLDivergence(),
    "js": lf.JensenShannon(),
    "brier": Brier(),
    "sum": 0.5 * lf.KLFromLogits() + 0.5 * lf.JensenShannon(),
}

# What a mean, a sum and terms are called with; the third upstream gradient is one per row.
UPSTREAM = {"mean": 1.0, "sum": -2.0, "none": np.linspace(-1.0, 2.0, N)}


def scores():
    """Logits: the second row has a masked class, the third hardly any other, the fourth is decided, the fifth tied."""
    x = np.random.default_rng(1).normal(0, 3, (N, K))
    x[1, 2] = x[2, 1:4] = -np.inf
    x[3] = [0.0, 60.0, 0.0, 0.0, 0.0]
    x[4, [0, 2, 4]] = 9.0
    return x


def targets(loss):
    """Labels that are no masked class, or probabilities that give masked classes nothing."""
    if loss in LABELS.values():
        return np.array([1, 4, 0, 1, 3, 2, 1])
    t = np.random.default_rng(2).dirichlet(np.ones(K), N)
    t[1, 2] = t[2, 1:4] = 0.0
    return np.log(t[:, :]) if getattr(loss, "log_target", False) else t


def held(widths):
    """The slice of the classes of this rank, and the group."""
    group = first(len(widths))
    rank = distributed.get_rank()
    return slice(sum(widths[:rank]), sum(widths[: rank + 1])) if rank < len(widths) else None, group


def same_on_all(value, group):
    """Every rank has the same bits."""
    told = [None] * distributed.get_world_size(group)
    distributed.all_gather_object(told, value.detach().double().numpy().tobytes(), group)
    assert len(set(told)) == 1


def same_as_whole(loss, widths):
    mine, group = held(WIDTHS[widths])
    if mine is None:
        return
    x, target, weight = scores(), targets(loss), np.arange(float(N))
    parallel = ClassParallel(loss, WIDTHS[widths][distributed.get_rank()], group)
    truth, given = torch.tensor(target if target.ndim == 1 else target[:, mine]), torch.tensor(weight)
    for reduction, upstream in UPSTREAM.items():
        part = torch.tensor(x[:, mine], requires_grad=True)
        value = parallel(part, truth, reduction=reduction, sample_weight=given)
        expected, slope = whole(loss, x, target, weight, reduction, upstream)
        same_on_all(value, group)
        np.testing.assert_allclose(value.detach(), expected, rtol=1e-13, atol=1e-300)
        (value * torch.tensor(upstream)).sum().backward()
        np.testing.assert_allclose(part.grad, slope[:, mine], rtol=1e-12, atol=1e-15)
    np.testing.assert_allclose(parallel(part, truth).detach(), loss(x, target), rtol=1e-13)
    sums, of_whole = (
        parallel.accumulate(part, truth, sample_weight=given),
        loss.accumulate(x, target, sample_weight=weight),
    )
    np.testing.assert_allclose(sums.mean().detach(), of_whole.mean(), rtol=1e-13)
    assert (sums.denominator, sums.count) == (of_whole.denominator, of_whole.count)


def whole(loss, x, target, weight, reduction, upstream):
    """Value and gradient of Σ upstream · value for all classes on one rank."""
    logits = torch.tensor(x, requires_grad=True)
    value = loss(logits, torch.tensor(target), sample_weight=torch.tensor(weight), reduction=reduction)
    (value * torch.tensor(upstream)).sum().backward()
    return value.detach(), logits.grad


def same_as_torch(dtype, rtol, axis):
    """Classes in any axis, narrow dtypes, weights, smoothing, ignored labels: torch's own result in float64."""
    (mine, group), rng = held(WIDTHS["uneven"]), np.random.default_rng(3)
    if mine is None:
        return
    logits = torch.tensor(rng.normal(0, 2, (N, K, 2))).to(dtype)
    labels = torch.tensor(rng.integers(0, K, (N, 2)))
    logits[0, :, 0], labels[0, 0] = torch.nan, -100
    options = {"label_smoothing": 0.1, "ignore_index": -100}
    expected = logits.double().nan_to_num().requires_grad_()
    value = F.cross_entropy(expected, labels, weight=torch.tensor(TABLE, dtype=torch.float64), **options)
    value.backward()
    part = logits[:, mine].movedim(1, axis).clone().requires_grad_()
    parallel = ClassParallel(lf.CrossEntropy(class_weight=TABLE, **options), part.shape[axis], group)
    got = parallel(part, labels, axis=axis)
    got.backward()
    same_on_all(got, group)
    assert (got.dtype, part.grad.dtype) == (dtype, dtype)
    np.testing.assert_allclose(got.double().item(), value.item(), rtol=rtol)
    slope = part.grad.double().movedim(axis, 1)
    np.testing.assert_allclose(slope, expected.grad[:, mine], rtol=rtol, atol=rtol * 1e-3)


def infinite_logits():
    """They cost what they cost the kernels, wherever they lie."""
    (mine, group), inf = held(WIDTHS["uneven"]), np.inf
    if mine is None:
        return
    x = np.array([[0, inf, 1, 2, 0], [inf, 0, 0, 0, 0], [0, -inf, inf, 0, inf], [-inf] * 5, [0, 0, -inf, 1, -inf]])
    labels = np.array([0, 0, 2, 1, 2])
    for loss in (LABELS["plain"], LABELS["full"], LABELS["focal"]):
        part = torch.tensor(x[:, mine], requires_grad=True)
        terms = ClassParallel(loss, part.shape[1], group)(part, torch.tensor(labels), reduction="none")
        terms.sum().backward()
        expected, slope = loss.value_and_grad(x, labels, reduction="none")
        np.testing.assert_allclose(terms.detach(), expected, rtol=1e-14)
        np.testing.assert_allclose(part.grad, slope[:, mine], rtol=1e-14, atol=1e-15)


def slopes_of_a_target():
    (mine, group), loss = held(WIDTHS["uneven"]), lf.KLFromLogits()
    if mine is None:
        return
    x, target = np.random.default_rng(4).normal(0, 1, (N, K)), targets(loss) + 0.1
    truth = torch.tensor(target[:, mine], requires_grad=True)
    ClassParallel(loss, truth.shape[1], group)(torch.tensor(x[:, mine]), truth).backward()
    _, slope = loss.value_and_grad(x, target, wrt="target")
    np.testing.assert_allclose(truth.grad, slope[:, mine], rtol=1e-12)


def what_cannot_be_is_an_error():
    mine, group = held(WIDTHS["uneven"])
    with pytest.raises(OptionError, match="loss: expected a loss over classes"):
        ClassParallel(lf.Huber(), 1)
    if mine is None:
        return
    part, labels = torch.zeros(2, mine.stop - mine.start, requires_grad=True), torch.tensor([0, K])
    parallel = ClassParallel(lf.CrossEntropy(), part.shape[1], group)
    with pytest.raises(ShapeError, match=r"class_weight: expected one number for each of 5 classes, got shape \(2,\)"):
        ClassParallel(lf.CrossEntropy(class_weight=[1.0, 2.0]), part.shape[1], group)(part, labels)
    assert parallel(part, labels, reduction="none").isnan().tolist() == [False, True]
    with pytest.raises(ShapeError, match=r"prediction: expected . classes in axis -1, got shape \(2, 9\)"):
        parallel(torch.zeros(2, 9), labels)
    (slope,) = torch.autograd.grad(parallel(part, labels, reduction="sum"), part, create_graph=True)
    with pytest.raises(RuntimeError, match="once_differentiable"):
        slope.sum().backward()


CASES = {name: partial(same_as_whole, loss, "uneven") for name, loss in (LABELS | PROBABILITIES).items()}
CASES |= {
    f"{name} {widths}": partial(same_as_whole, (LABELS | PROBABILITIES)[name], widths)
    for name in ("full", "log_probs", "soft", "kl of logs")
    for widths in ("empty", "alone")
}
CASES |= {
    f"{dtype} axis {axis}": partial(same_as_torch, dtype, rtol, axis)
    for dtype, rtol, axis in ((torch.float64, 1e-13, 1), (torch.float32, 1e-5, -1), (torch.bfloat16, 1e-2, 0))
}
CASES |= {case.__name__: case for case in (infinite_logits, slopes_of_a_target, what_cannot_be_is_an_error)}
