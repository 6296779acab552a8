"""What `torch.library.opcheck` asks of an operator, asked of every loss, and devices that lack something.

lossfn registers no operator, so that there is none opcheck could be given: `torch.func` cannot see through one whose
derivatives are registered. Of its four questions gradcheck (tests/with_torch/test_operations.py) answers that of
autograd; here: no input is modified, fake tensors give shape and dtype, graphs of symbolic sizes give the values.
"""

import numpy as np
import pytest

import lossfn as lf
from peers import peer
from semantics.samples import each, parts
from with_torch.drawn import LOSSES, N, arrays, gradients, leaf, tensors

pytestmark = pytest.mark.peer
torch = peer("torch")
fake, dispatch = peer("torch._subclasses.fake_tensor"), peer("torch.utils._python_dispatch")
held = peer("lossfn.torch.tensors")
REDUCTIONS = ("mean", "sum", "none")


def test_there_is_no_operator_to_check():
    namespaces = {schema.name.partition("::")[0] for schema in torch._C._jit_get_all_schemas()}
    assert "aten" in namespaces
    assert not {name for name in namespaces if "lossfn" in name}


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_no_input_is_modified(loss, reduction, rng):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    weight = torch.arange(float(N))
    kept = [x.detach().clone() for x in (*parts(given), truth, weight)]
    value = loss(given, truth, reduction=reduction, sample_weight=weight)
    if loss.differentiable:
        value.backward(torch.full_like(value, 0.5).expand_as(value))
    for now, before in zip((*parts(given), truth, weight), kept, strict=True):
        np.testing.assert_array_equal(now.detach(), before)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_fake_tensors_have_shape_and_dtype(loss, reduction, rng):
    given, truth = tensors(torch, *arrays(loss, rng, np.float32))
    real = loss(given, truth, reduction=reduction)
    with fake.FakeTensorMode() as mode:
        found = loss(each(mode.from_tensor, given), mode.from_tensor(truth), reduction=reduction)
        assert isinstance(found, fake.FakeTensor)
    assert (found.shape, found.dtype, found.device) == (real.shape, real.dtype, real.device)


@pytest.mark.parametrize("loss", [lf.Huber(), lf.CrossEntropy(), lf.KLFromLogits()], ids=repr)
def test_graphs_of_symbolic_sizes_have_the_gradients(loss, rng):
    torch._dynamo.reset()
    compiled = torch.compile(loss, fullgraph=True, dynamic=True, backend="aot_eager")
    for rows in (4, 7):
        prediction, target = (np.resize(x, (rows, *x.shape[1:])) for x in arrays(loss, rng))
        given = leaf(torch, prediction)
        compiled(given, torch.tensor(target)).backward()
        _, slope = loss.value_and_grad(prediction, target)
        np.testing.assert_allclose(gradients(given), slope, rtol=1e-11, atol=1e-14)


class Made(dispatch.TorchDispatchMode):
    """Every dtype an operation returns on "meta"."""

    def __init__(self):
        super().__init__()
        self.dtypes = set()

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        result = function(*args, **(kwargs or {}))
        made = [x for x in torch.utils._pytree.tree_leaves(result) if isinstance(x, torch.Tensor)]
        self.dtypes |= {x.dtype for x in made if x.device.type == "meta"}
        return result


@pytest.fixture
def without_float64(monkeypatch):
    """Tensors on "meta" stand for a device such as Apple's, which has no float64: no arithmetic, all the rules."""
    monkeypatch.setattr(held, "WITHOUT_FLOAT64", frozenset(("meta",)))


def meta(x):
    return x.detach().to("meta", torch.float32 if x.is_floating_point() else x.dtype).requires_grad_(x.requires_grad)


@pytest.mark.parametrize("reduction", REDUCTIONS)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_no_float64_where_a_device_has_none(loss, reduction, rng, without_float64):
    given, truth = tensors(torch, *arrays(loss, rng, np.float32))
    given, truth = each(meta, given), meta(truth)
    with Made() as made:
        value = loss(given, truth, reduction=reduction, sample_weight=torch.ones(N, device="meta"))
        if loss.differentiable:
            value.sum().backward()
    assert torch.float32 in made.dtypes
    assert torch.float64 not in made.dtypes
    assert value.device.type == "meta"


def test_integers_are_computed_in_float32_where_a_device_has_no_more(without_float64):
    x = torch.ones(3, dtype=torch.int32, device="meta")
    assert lf.SquaredError()(x, x).dtype == torch.float32


@pytest.mark.long
def test_tensors_above_two_to_the_31_elements(rng):
    # Each row begins one number after the one before, in the same memory; the last lies beyond what 32 bits count.
    rows, classes = 2**15 + 1, 2**16
    numbers = torch.tensor(rng.normal(0, 3, rows + classes), dtype=torch.bfloat16)
    x, y = numbers.as_strided((rows, classes), (1, 1)), torch.arange(rows)
    assert x.numel() > 2**31
    terms = lf.CrossEntropy()(x, y, reduction="none")
    for cut in (slice(0, 1), slice(rows - 1, rows)):
        assert terms[cut] == lf.CrossEntropy()(x[cut], y[cut], reduction="none")


@pytest.mark.long
def test_gradients_above_two_to_the_31_elements():
    x = torch.zeros(2**31 + 64, dtype=torch.bfloat16)
    x[-1] = 3.0
    x.requires_grad_()
    value = lf.SquaredError(reduction="sum")(x, torch.zeros((), dtype=torch.bfloat16).expand_as(x))
    value.backward()
    assert value == 9.0
    assert x.grad[-1] == 6.0
    assert torch.count_nonzero(x.grad) == 1
