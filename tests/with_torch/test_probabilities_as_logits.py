"""autograd's graph tells of a softmax or sigmoid before a loss that applies its own, untrained models included."""

import pytest

import lossfn as lf
from lossfn.core import logits
from lossfn.core.errors import LogitsWarning
from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
F, nn = peer("lossfn.torch.functional"), peer("lossfn.torch.nn")
BINARY, CLASSES = lf.BinaryCrossEntropyWithLogits(), lf.CrossEntropy()


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(logits, "told", set())


def scores():
    return torch.zeros(6, 4, requires_grad=True)


def labels():
    return torch.arange(6) % 4


def yes():
    return torch.ones(6, 4)


@pytest.mark.parametrize(
    ("function", "call"),
    [
        ("softmax", lambda: CLASSES(scores().softmax(-1), labels())),
        ("softmax", lambda: F.cross_entropy(scores().softmax(1), labels())),
        ("softmax", lambda: nn.CrossEntropyLoss()(scores().softmax(1).clamp(1e-7, 1).bfloat16(), labels())),
        ("softmax", lambda: BINARY(scores().softmax(1)[:, 1], torch.ones(6))),
        ("sigmoid", lambda: F.binary_cross_entropy_with_logits(scores().sigmoid(), yes())),
        ("sigmoid", lambda: nn.BCEWithLogitsLoss(pos_weight=torch.ones(4))(scores().sigmoid(), yes())),
        ("sigmoid", lambda: nn.Loss(lf.BinaryFocal())(scores()[:, :1].sigmoid().squeeze(1), torch.ones(6))),
    ],
)
def test_the_function_is_named_where_the_call_stands(function, call):
    with pytest.warns(LogitsWarning, match=f"got the output of a {function}") as heard:
        call().backward()
    assert [one.filename for one in heard] == [__file__]


def test_values_are_looked_at_where_the_graph_says_nothing(rng):
    p = torch.tensor(rng.dirichlet([1.0] * 4, 6))
    with pytest.warns(LogitsWarning, match="add up to 1"):
        F.cross_entropy(p, labels())


@pytest.mark.parametrize(
    "call",
    [
        lambda: CLASSES(scores(), labels()),
        lambda: CLASSES(scores().log_softmax(-1), labels()),
        lambda: CLASSES(8 * scores().softmax(-1), labels()),
        lambda: CLASSES(scores().sigmoid(), labels()),  # bounded logits
        lambda: BINARY(torch.logit(scores().sigmoid()), yes()),
        lambda: lf.BinaryCrossEntropy()(scores().sigmoid(), yes()),
        lambda: lf.SquaredError()(scores().softmax(-1), yes()),
    ],
)
def test_logits_are_not_told_of(call):
    call().backward()


def test_compiled_graphs_are_left_alone():
    compiled = torch.compile(lambda x, y: CLASSES(x.softmax(-1), y), fullgraph=True, backend="aot_eager")
    compiled(scores(), labels()).backward()
