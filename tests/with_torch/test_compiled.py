"""`torch.compile(fullgraph=True)` takes any loss, a user's own included, as one graph."""

import numpy as np
import pytest

import lossfn as lf
from peers import peer
from semantics.samples import parts
from with_torch.drawn import arrays, gradients, tensors

pytestmark = pytest.mark.peer
torch = peer("torch")


class Own(lf.Pointwise, register=False):
    width: float = 2.0

    def formula(self, m, prediction, target):
        return self.width * m.softplus((prediction - target) / self.width)


TABLE = (0.25, 2.0, 1.0)
LOSSES = [
    lf.Huber(),
    lf.GaussianNLL(),
    lf.BinaryCrossEntropyWithLogits(pos_weight=TABLE),
    lf.CrossEntropy(class_weight=TABLE, label_smoothing=0.1, ignore_index=1),
    lf.KLFromLogits(),
    0.7 * lf.Huber() + 0.3 * lf.AbsoluteError(),
    Own(),
]


@pytest.fixture(autouse=True)
def forgotten():
    torch._dynamo.reset()


def compared(loss, backend, rng, **options):
    prediction, target = arrays(loss, rng)
    given, truth = tensors(torch, prediction, target)
    compiled = torch.compile(lambda p, t: 2 * loss(p, t, **options), fullgraph=True, backend=backend)
    value = compiled(given, truth.detach())
    value.sum().backward()
    expected, slope = loss.value_and_grad(prediction, target, **options)
    np.testing.assert_allclose(value.detach(), 2 * expected, rtol=1e-12)
    for got, truth in zip(parts(gradients(given)), parts(slope), strict=True):
        np.testing.assert_allclose(got, 2 * truth, rtol=1e-11, atol=1e-14)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_compiled_loss_is_the_loss(loss, rng):
    compared(loss, "aot_eager", rng)


@pytest.mark.parametrize("reduction", ["sum", "none"])
def test_reductions_are_compiled(reduction, rng):
    compared(lf.CrossEntropy(), "aot_eager", rng, reduction=reduction)


def test_two_losses_are_not_confused(rng):
    given, truth = (torch.tensor(x) for x in ([3.0, -2.0], [0.0, 0.0]))
    compiled = torch.compile(lambda loss, p, t: loss(p, t), fullgraph=True, backend="aot_eager")
    for loss in (lf.Huber(), lf.Huber(delta=0.5), lf.Huber(), lf.AbsoluteError()):
        torch.testing.assert_close(compiled(loss, given, truth), loss(given, truth))


def test_a_module_is_compiled():
    loss = peer("lossfn.torch.nn").Loss(lf.LogCosh())
    model = torch.nn.Linear(3, 1)
    x = torch.randn(4, 3)
    step = torch.compile(lambda x: loss(model(x), torch.zeros(4, 1)), fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(step(x), loss(model(x), torch.zeros(4, 1)))


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore:`torch.jit")  # torch's own
def test_inductor_compiles(rng):
    compared(lf.BinaryCrossEntropyWithLogits(), "inductor", rng)


@pytest.mark.parametrize("name", ["MSELoss", "HuberLoss", "BCEWithLogitsLoss", "CrossEntropyLoss"])
def test_drop_ins_compile(name):
    nn = peer("lossfn.torch.nn")
    loss = getattr(nn, name)()
    x, y = torch.randn(6, 5), torch.randint(0, 2, (6,)) if name == "CrossEntropyLoss" else torch.rand(6, 5)
    compiled = torch.compile(loss, fullgraph=True, backend="aot_eager")
    torch.testing.assert_close(compiled(x, y), loss(x, y))
