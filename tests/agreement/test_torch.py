"""PyTorch in float64: value, and the gradient autograd finds."""

import numpy as np
import pytest

import lossfn as lf
from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
F = torch.nn.functional
CLOSE = {"rtol": 1e-12, "atol": 1e-14}
N, K = 40, 5

# Our loss, their function of (prediction, target, reduction), and the kind of arguments.
POINTWISE = [
    (lf.SquaredError(), F.mse_loss, "real"),
    (lf.AbsoluteError(), F.l1_loss, "real"),
    (lf.Huber(delta=0.7), lambda p, t, **o: F.huber_loss(p, t, delta=0.7, **o), "real"),
    (lf.SmoothL1(beta=0.7), lambda p, t, **o: F.smooth_l1_loss(p, t, beta=0.7, **o), "real"),
    (lf.SmoothL1(beta=0.0), lambda p, t, **o: F.smooth_l1_loss(p, t, beta=0.0, **o), "real"),
    (lf.BinaryCrossEntropy(), F.binary_cross_entropy, "probability"),
    (lf.BinaryCrossEntropyWithLogits(), F.binary_cross_entropy_with_logits, "unit"),
    (lf.SoftMargin(labels="pm1"), F.soft_margin_loss, "sign"),
    (lf.Hinge(labels="pm1"), lambda p, t, **o: F.hinge_embedding_loss(t * p, -torch.ones_like(t), **o), "sign"),
    (lf.Poisson(), F.poisson_nll_loss, "count"),
]
IDS = [repr(row[0]) for row in POINTWISE]


def drawn(kind, rng, shape=(N, 3)):
    """Prediction and target of a kind."""
    prediction = rng.uniform(0.01, 0.99, shape) if kind == "probability" else rng.normal(0, 3, shape)
    targets = {"real": rng.normal(0, 3, shape), "sign": rng.choice([-1.0, 1.0], shape), "count": rng.poisson(2, shape)}
    return prediction, np.asarray(targets.get(kind, rng.uniform(0, 1, shape)), dtype=float)


def theirs(function, prediction, target, **options):
    """Their value, and the gradient of its sum."""
    given = torch.tensor(prediction, requires_grad=True)
    value = function(given, torch.tensor(target), **options)
    value.sum().backward()
    return value.detach().numpy(), given.grad.numpy()


def compare(loss, function, prediction, target, axis=-1, **options):
    for reduction in ("mean", "sum", "none"):
        ours = loss.value_and_grad(prediction, target, reduction=reduction, axis=axis)
        for got, expected in zip(
            ours, theirs(function, prediction, target, reduction=reduction, **options), strict=True
        ):
            np.testing.assert_allclose(got, expected, **CLOSE)


@pytest.mark.covers(25, 65, 127, 133)
@pytest.mark.parametrize(("loss", "function", "kind"), POINTWISE, ids=IDS)
def test_pointwise_losses(loss, function, kind, rng):
    compare(loss, function, *drawn(kind, rng))


@pytest.mark.parametrize(("loss", "function", "kind"), POINTWISE, ids=IDS)
def test_curvature(loss, function, kind, rng):
    prediction, target = drawn(kind, rng, (8,))
    truth = torch.tensor(target)
    bent = torch.autograd.functional.hessian(lambda p: function(p, truth, reduction="sum"), torch.tensor(prediction))
    kept = {"rtol": 1e-9} if isinstance(loss, lf.BinaryCrossEntropy) else CLOSE  # torch adds 1e-12 to p(1 - p)
    np.testing.assert_allclose(loss.grad_and_hess(prediction, target)[1], bent.diagonal().numpy(), **kept)


@pytest.mark.covers(48)
@pytest.mark.parametrize("pos_weight", [3.0, [0.5, 1.0, 4.0]])
def test_pos_weight(pos_weight, rng):
    loss = lf.BinaryCrossEntropyWithLogits(pos_weight=pos_weight)
    given = torch.tensor(pos_weight, dtype=torch.float64)
    compare(loss, F.binary_cross_entropy_with_logits, *drawn("unit", rng), pos_weight=given)


@pytest.mark.parametrize("function", [F.mse_loss, F.l1_loss])
def test_a_weighted_mean_divides_by_the_weights(function, rng):
    (prediction, target), weight = drawn("real", rng), rng.uniform(0, 2, (N, 3))
    loss = lf.SquaredError() if function is F.mse_loss else lf.AbsoluteError()
    value, gradient = theirs(function, prediction, target, weight=torch.tensor(weight))
    got, slope = loss.value_and_grad(prediction, target, sample_weight=weight)
    np.testing.assert_allclose(got, value, **CLOSE)
    np.testing.assert_allclose(slope, gradient, **CLOSE)


def test_where_torch_divides_by_the_elements_instead():
    huber = theirs(F.huber_loss, np.array([3.0, 1.0]), np.zeros(2), delta=2.0, weight=torch.tensor([1.0, 3.0]))[0]
    assert (huber, lf.Huber(delta=2.0)([3.0, 1.0], [0.0, 0.0], sample_weight=[1, 3])) == (2.75, 1.375)
    logits, labels, weight = np.array([2.0, -1.0]), np.array([1.0, 0.0]), [1.0, 3.0]
    value = theirs(F.binary_cross_entropy_with_logits, logits, labels, weight=torch.tensor(weight))[0]
    ours = lf.BinaryCrossEntropyWithLogits()(logits, labels, sample_weight=weight)
    np.testing.assert_allclose([value, ours], [value, value * 2 / 4], **CLOSE)
    assert ours.round(4) == 0.2667


@pytest.mark.covers(34, 35, 96, 97, 98)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("ignored", [None, -100, 2])
@pytest.mark.parametrize("smoothing", [0.0, 0.1, 1.0])
def test_cross_entropy(weighted, ignored, smoothing, rng):
    logits, labels = rng.normal(0, 3, (N, K)), rng.integers(0, K, N)
    table = rng.uniform(0, 2, K) if weighted else None
    if ignored == -100:
        labels[::7] = ignored
    options = {"ignore_index": -1 if ignored is None else ignored, "label_smoothing": smoothing}
    loss = lf.CrossEntropy(class_weight=table, ignore_index=ignored, label_smoothing=smoothing)
    weight = None if table is None else torch.tensor(table)
    compare(loss, F.cross_entropy, logits, labels, weight=weight, **options)


@pytest.mark.covers(76, 77, 100)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_cross_entropy_of_probabilities(weighted, smoothing, rng):
    logits, target = rng.normal(0, 3, (N, K)), rng.dirichlet(np.ones(K), N)
    table = rng.uniform(0, 2, K) if weighted else np.ones(K)
    loss = lf.CrossEntropy(class_weight=table, label_smoothing=smoothing)
    compare(loss, F.cross_entropy, logits, target, weight=torch.tensor(table), label_smoothing=smoothing)


@pytest.mark.covers(99, 134)
@pytest.mark.parametrize("shape", [(4, K, 3), (2, K, 3, 2)])
def test_cross_entropy_over_axis_one(shape, rng):
    logits, labels = rng.normal(0, 3, shape), rng.integers(0, K, shape[:1] + shape[2:])
    compare(lf.CrossEntropy(ignore_index=1), F.cross_entropy, logits, labels, axis=1, ignore_index=1)


@pytest.mark.covers(99, 100)
def test_cross_entropy_without_a_batch(rng):
    compare(lf.CrossEntropy(label_smoothing=0.2), F.cross_entropy, rng.normal(size=K), np.array(2), label_smoothing=0.2)


def test_the_curvature_of_cross_entropy(rng):
    logits, labels = rng.normal(0, 3, K), np.array(3)
    given = torch.tensor(logits)
    bent = torch.autograd.functional.hessian(lambda x: F.cross_entropy(x, torch.tensor(3)), given)
    np.testing.assert_allclose(lf.CrossEntropy().grad_and_hess(logits, labels)[1], bent.diagonal().numpy(), **CLOSE)


@pytest.mark.parametrize("weighted", [False, True])
def test_negative_log_likelihood(weighted, rng):
    logs, labels = lf.log_softmax(rng.normal(0, 3, (N, K))), rng.integers(0, K, N)
    table = rng.uniform(0, 2, K) if weighted else np.ones(K)
    loss = lf.NegativeLogLikelihood(class_weight=table, ignore_index=2)
    compare(loss, F.nll_loss, logs, labels, weight=torch.tensor(table), ignore_index=2)


@pytest.mark.covers(69, 78)
@pytest.mark.parametrize("log_target", [False, True])
def test_kl_divergence(log_target, rng):
    logits, target = rng.normal(0, 3, (N, K)), rng.dirichlet(np.ones(K), N)
    target = np.log(target) if log_target else target
    options = {"reduction": "batchmean", "log_target": log_target}
    expected = theirs(F.kl_div, lf.log_softmax(logits), target, **options)
    ours = lf.KLDivergence(log_target=log_target).value_and_grad(lf.log_softmax(logits), target)
    for got, other in zip(ours, expected, strict=True):
        np.testing.assert_allclose(got, other, **CLOSE)
    expected = theirs(lambda x, t, **o: F.kl_div(x.log_softmax(-1), t, **o), logits, target, **options)
    for got, other in zip(lf.KLFromLogits(log_target=log_target).value_and_grad(logits, target), expected, strict=True):
        np.testing.assert_allclose(got, other, **CLOSE)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_gaussian(reduction, rng):
    mean, variance, target = rng.normal(size=N), rng.uniform(0.1, 3, N), rng.normal(size=N)
    given = [torch.tensor(a, requires_grad=True) for a in (mean, variance)]
    expected = F.gaussian_nll_loss(given[0], torch.tensor(target), given[1], reduction=reduction)
    expected.sum().backward()
    value, slopes = lf.GaussianNLL().value_and_grad((mean, variance), target, reduction=reduction)
    np.testing.assert_allclose(value, expected.detach().numpy(), **CLOSE)
    for slope, tensor in zip(slopes, given, strict=True):
        np.testing.assert_allclose(slope, tensor.grad.numpy(), **CLOSE)


@pytest.mark.parametrize(("loss", "function", "kind"), POINTWISE[:6], ids=IDS[:6])
def test_slope_in_the_target(loss, function, kind, rng):
    prediction, target = drawn(kind, rng)
    given = torch.tensor(target, requires_grad=True)
    function(torch.tensor(prediction), given).backward()
    np.testing.assert_allclose(loss.value_and_grad(prediction, target, wrt="target")[1], given.grad.numpy(), **CLOSE)
