"""`lossfn.torch.functional` and `.nn` against torch's own: signatures, values, gradients, corners."""

import inspect

import numpy as np
import pytest

from lossfn.core.errors import DomainError, OptionError, ShapeError, TargetError
from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
ours, ournn = peer("lossfn.torch.functional"), peer("lossfn.torch.nn")
theirs, inf = torch.nn.functional, float("inf")
REDUCTIONS = ("mean", "sum", "none")


def real(rng, *shape):
    return torch.tensor(rng.normal(0, 2, shape or (6, 4)))


def unit(rng, *shape):
    return torch.tensor(rng.uniform(0.01, 0.99, shape or (6, 4)))


def signs(rng, *shape):
    return torch.tensor(rng.choice([-1.0, 1.0], shape or (6, 4)))


def counts(rng):
    return torch.tensor(rng.poisson(2.0, (6, 4)) + 0.0)


def labels(rng, *shape):
    found = torch.tensor(rng.integers(0, 4, shape or (6,)))
    found.view(-1)[0] = -100
    return found


def legal(rng):
    return torch.tensor([1, 3, 0, 2, 1, 3])


def probs(rng, *shape):
    return torch.softmax(real(rng, *shape), 1)


def row(name, *draws, **options):
    """A case: the function's name, what its tensors are drawn by, its options."""
    return pytest.param(name, draws, options, id=f"{name} {' '.join(options)}")


def table(rng):
    return unit(rng, 4)


CASES = [
    row("l1_loss", real, real),
    row("l1_loss", real, real, weight=unit),
    row("mse_loss", real, real),
    row("mse_loss", real, real, weight=unit),
    row("huber_loss", real, real, delta=0.7),
    row("huber_loss", real, real, weight=unit),
    row("huber_loss", real, real, delta=inf),
    row("smooth_l1_loss", real, real, beta=0.7),
    row("smooth_l1_loss", real, real, beta=0.0),
    row("binary_cross_entropy", unit, unit),
    row("binary_cross_entropy", unit, unit, weight=unit),
    row("binary_cross_entropy", unit, unit, weight=table),
    row("binary_cross_entropy_with_logits", real, unit),
    row("binary_cross_entropy_with_logits", real, unit, weight=real, pos_weight=table),
    row("binary_cross_entropy_with_logits", real, unit, pos_weight=lambda rng: unit(rng, 6, 1)),
    row("binary_cross_entropy_with_logits", real, real),
    row("kl_div", real, unit),
    row("kl_div", real, real, log_target=True),
    row("poisson_nll_loss", real, counts),
    row("poisson_nll_loss", real, counts, full=True),
    row("poisson_nll_loss", unit, counts, log_input=False, eps=1e-3),
    row("gaussian_nll_loss", real, real, unit),
    row("gaussian_nll_loss", real, real, lambda rng: unit(rng, 6), full=True),
    row("gaussian_nll_loss", real, real, lambda rng: unit(rng, 6, 1), eps=0.5),
    row("soft_margin_loss", real, signs),
    row("soft_margin_loss", real, real),
    row("hinge_embedding_loss", real, signs, margin=0.5),
    row("hinge_embedding_loss", real, counts),
    row("multilabel_soft_margin_loss", real, unit),
    row("multilabel_soft_margin_loss", real, unit, weight=table),
    row("cross_entropy", real, labels),
    row("cross_entropy", real, labels, weight=table),
    row("cross_entropy", real, labels, weight=table, label_smoothing=0.2),
    row("cross_entropy", real, legal, ignore_index=1, label_smoothing=0.2),
    row("cross_entropy", real, probs),
    row("cross_entropy", real, probs, weight=table, label_smoothing=0.2),
    row("cross_entropy", lambda rng: real(rng, 4), lambda rng: torch.tensor(2)),
    row("cross_entropy", lambda rng: real(rng, 4), lambda rng: torch.softmax(real(rng, 4), 0)),
    row("cross_entropy", lambda rng: real(rng, 2, 4, 3, 5), lambda rng: labels(rng, 2, 3, 5), weight=table),
    row("cross_entropy", lambda rng: real(rng, 2, 4, 3), lambda rng: probs(rng, 2, 4, 3), label_smoothing=0.1),
    row("nll_loss", real, labels),
    row("nll_loss", real, labels, weight=table),
    row("nll_loss", lambda rng: real(rng, 2, 4, 3), lambda rng: labels(rng, 2, 3)),
    row("margin_ranking_loss", real, real, signs, margin=0.3),
    row("cosine_embedding_loss", real, real, lambda rng: signs(rng, 6), margin=0.1),
    row("cosine_embedding_loss", lambda rng: real(rng, 4), lambda rng: real(rng, 4), lambda rng: torch.tensor(1.0)),
]


def both(name, draws, options, rng, reduction):
    """Value and gradients of ours and of theirs on the same numbers."""
    given = [draw(rng) for draw in draws]
    kept = {k: v(rng) if callable(v) else v for k, v in options.items()}
    for module in (ours, theirs):
        leaves = [given[0].clone().requires_grad_(), *given[1:]]
        if name in ("gaussian_nll_loss", "margin_ranking_loss", "cosine_embedding_loss"):
            place = 2 if name == "gaussian_nll_loss" else 1
            leaves[place] = given[place].clone().requires_grad_()
        value = getattr(module, name)(*leaves, reduction=reduction, **kept)
        value.backward(torch.linspace(-1.0, 2.0, max(1, value.numel()), dtype=value.dtype).reshape(value.shape))
        yield [value.detach(), *(leaf.grad for leaf in leaves if leaf.requires_grad)]


@pytest.mark.covers(133)
@pytest.mark.filterwarnings("ignore:reduction. 'mean' divides")  # torch of its own kl_div
@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize(("name", "draws", "options"), CASES)
def test_values_and_gradients_are_torchs(name, draws, options, reduction, rng):
    for got, expected in zip(*both(name, draws, options, rng, reduction), strict=True):
        assert got.dtype == expected.dtype
        np.testing.assert_allclose(got, expected, rtol=1e-10, atol=1e-12)


@pytest.mark.covers(25, 48)
@pytest.mark.parametrize("name", ours.__all__)
def test_signatures_are_torchs(name):
    mine, other = (inspect.signature(getattr(module, name)).parameters for module in (ours, theirs))
    assert list(mine) == list(other)
    assert [p.default for p in mine.values()] == [p.default for p in other.values()]
    assert [p.kind for p in mine.values()] == [p.kind for p in other.values()]


MODULES = [
    ("CrossEntropyLoss", {"label_smoothing": 0.1, "ignore_index": 1}, real, legal),
    ("NLLLoss", {"reduction": "sum"}, real, labels),
    ("HuberLoss", {"delta": 0.5}, real, real),
    ("SmoothL1Loss", {"beta": 0.5}, real, real),
    ("MSELoss", {"reduction": "none"}, real, real),
    ("L1Loss", {}, real, real),
    ("BCELoss", {}, unit, unit),
    ("BCEWithLogitsLoss", {}, real, unit),
    ("KLDivLoss", {"reduction": "batchmean"}, real, unit),
    ("KLDivLoss", {"log_target": True, "reduction": "sum"}, real, real),
    ("PoissonNLLLoss", {"log_input": False, "full": True, "eps": 0.1}, unit, counts),
    ("SoftMarginLoss", {}, real, signs),
    ("HingeEmbeddingLoss", {"margin": 2.0}, real, signs),
    ("MultiLabelSoftMarginLoss", {}, real, unit),
]


@pytest.mark.parametrize(("name", "options", "first", "second"), MODULES)
def test_modules_are_torchs(name, options, first, second, rng):
    mine, other = getattr(ournn, name)(**options), getattr(torch.nn, name)(**options)
    prediction, target = first(rng), second(rng)
    np.testing.assert_allclose(mine(prediction, target), other(prediction, target), rtol=1e-12)
    assert repr(mine) == repr(other)
    assert isinstance(mine, getattr(torch.nn, name))


def test_modules_of_several_predictions_are_torchs(rng):
    x, y, v, t = real(rng), real(rng), unit(rng), signs(rng)
    for name, options, given in (
        ("GaussianNLLLoss", {"full": True, "eps": 0.1}, (x, y, v)),
        ("MarginRankingLoss", {"margin": 0.2}, (x, y, t)),
        ("CosineEmbeddingLoss", {"margin": 0.2}, (x, y, t[:, 0])),
    ):
        mine, other = getattr(ournn, name)(**options), getattr(torch.nn, name)(**options)
        np.testing.assert_allclose(mine(*given), other(*given), rtol=1e-12)


def test_keywords_are_torchs(rng):
    x, t = real(rng), counts(rng)
    assert ournn.MSELoss()(input=x, target=t) == ournn.MSELoss()(x, t)
    assert ournn.PoissonNLLLoss()(log_input=x, target=t) == ournn.PoissonNLLLoss()(x, t)


def test_weights_are_buffers(rng):
    mine, other = ournn.CrossEntropyLoss(weight=table(rng)), torch.nn.CrossEntropyLoss(weight=torch.ones(4).double())
    other.load_state_dict(mine.state_dict())
    x, t = real(rng), labels(rng)
    np.testing.assert_allclose(mine(x, t), other(x, t), rtol=1e-12)
    assert mine.to(torch.float32).weight.dtype == torch.float32
    assert set(ournn.BCEWithLogitsLoss(pos_weight=torch.ones(4)).state_dict()) == {"pos_weight"}


@pytest.mark.covers(88)
@pytest.mark.parametrize(
    ("options", "reduction"),
    [
        ({"size_average": False}, "sum"),
        ({"size_average": True}, "mean"),
        ({"reduce": False}, "none"),
        ({"reduce": True, "size_average": False}, "sum"),
    ],
)
def test_old_reduction_arguments_override_with_a_warning(options, reduction, rng):
    x, t = real(rng), real(rng)
    with pytest.warns(UserWarning, match=f"please use reduction='{reduction}' instead"):
        got = ours.mse_loss(x, t, reduction="mean", **options)
    np.testing.assert_array_equal(got, ours.mse_loss(x, t, reduction=reduction))


def test_broadcasting_warns_where_torch_does(rng):
    with pytest.warns(UserWarning, match="different to the input size"):
        got = ours.mse_loss(real(rng), torch.zeros(4))
    assert got.shape == ()
    assert ours.kl_div(real(rng), torch.ones(4)).shape == ()


def test_a_mean_of_nothing_is_nan_with_gradient_zero(rng):
    x = real(rng).requires_grad_()
    for smoothing in (0.0, 0.1):
        value = ours.cross_entropy(x, torch.full((6,), -100), label_smoothing=smoothing)
        value.backward()
        assert value.isnan()
        assert not x.grad.any()
    assert ours.cross_entropy(x, torch.full((6,), -100), reduction="sum") == 0
    assert ours.cross_entropy(torch.zeros(0, 3), torch.zeros(0, dtype=torch.long)).isnan()
    assert ours.mse_loss(torch.zeros(0), torch.zeros(0)).isnan()


def test_oddities_of_definition_are_kept():
    one, zero = torch.ones(1, dtype=torch.float64), torch.zeros(1, dtype=torch.float64)
    p = zero.clone().requires_grad_()
    value = ours.binary_cross_entropy(p, one)
    value.backward()
    assert value == 100
    assert p.grad == -1e12
    masked = torch.tensor([[0.0, -inf, 1.0]])
    assert ours.cross_entropy(masked, torch.tensor([0]), label_smoothing=0.1) == inf
    assert ours.kl_div(zero.log(), zero) == 0
    v = torch.full((1,), 1e-9, dtype=torch.float64, requires_grad=True)
    ours.gaussian_nll_loss(one, zero, v).backward()
    w = v.detach().clone().requires_grad_()
    theirs.gaussian_nll_loss(one, zero, w).backward()
    np.testing.assert_allclose(v.grad, w.grad)


def test_numbers_are_right_where_torchs_are_not():
    x = torch.tensor([200.0, -30.0], requires_grad=True)
    value = ours.soft_margin_loss(x, torch.tensor([-1.0, 1.0]), reduction="none")
    value.sum().backward()
    np.testing.assert_array_equal(value.detach(), [200.0, 30.0])
    np.testing.assert_allclose(x.grad, [1.0, -1.0], rtol=1e-6)
    logits = torch.tensor([[20.0, 0.0]], requires_grad=True)
    value = ours.cross_entropy(logits, torch.tensor([0]))
    value.backward()
    np.testing.assert_allclose(value.item(), 2.0611536e-9, rtol=1e-6)
    np.testing.assert_allclose(logits.grad, [[-2.0611536e-9, 2.0611536e-9]], rtol=1e-6)
    halves = torch.ones(70000, 2, dtype=torch.float16)
    np.testing.assert_allclose(ours.cross_entropy(halves, torch.zeros(70000, dtype=torch.long)).item(), np.log(2), 1e-3)
    big = torch.tensor([[3e20, 4e20]], requires_grad=True)
    value = ours.cosine_embedding_loss(big, torch.tensor([[3.0, 4.0]]), torch.tensor([1.0]))
    value.backward()
    assert abs(value.item()) < 1e-6
    assert big.grad.isfinite().all()


def test_a_poisoned_row_that_is_ignored_has_gradient_zero():
    x = torch.tensor([[0.0, 1.0], [float("nan"), inf]], requires_grad=True)
    ours.cross_entropy(x, torch.tensor([1, -100])).backward()
    assert not x.grad[1].any()


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint8"])
def test_labels_of_any_integer_dtype_are_taken(dtype, rng):
    x, t = real(rng), torch.arange(6) % 4
    assert ours.cross_entropy(x, t.to(getattr(torch, dtype))) == ours.cross_entropy(x, t)


@pytest.mark.covers(44, 49, 51)
@pytest.mark.parametrize(
    ("call", "error"),
    [
        (lambda x: ours.cross_entropy(x, torch.tensor([0, 5])), TargetError),
        (lambda x: ours.cross_entropy(x, torch.ones(2, 3), ignore_index=1), OptionError),
        (lambda x: ours.cross_entropy(x, torch.tensor([0, 1]), label_smoothing=-0.1), OptionError),
        (lambda x: ours.mse_loss(x, x, reduction="avg"), OptionError),
        (lambda x: ours.huber_loss(x, x, delta=0.0), OptionError),
        (lambda x: ours.binary_cross_entropy(x + 2, x), DomainError),
        (lambda x: ours.binary_cross_entropy(x, x[:1]), ShapeError),
        (lambda x: ours.mse_loss(x, x, weight=x[:1]), ShapeError),
        (lambda x: ours.gaussian_nll_loss(x, x, -torch.ones(2, 3)), OptionError),
    ],
)
def test_what_torch_refuses_is_refused(call, error):
    with pytest.raises(error):
        call(torch.zeros(2, 3))
