"""The torch programs of the five documents, with lossfn's losses in the place of torch's."""

import os
from collections import OrderedDict
from pathlib import Path

import pytest

from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
theirs = peer("torch.nn")
nn = peer("lossfn.torch.nn")


@pytest.mark.covers(25, 26, 28)
def test_mean_squared_error():
    assert nn.MSELoss()(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([2.0, 3.0, 4.0])) == 1.0
    assert round(float(nn.MSELoss()(torch.tensor([1.0, 2, 3]), torch.tensor([1, 2, 5]))), 4) == 1.3333


@pytest.mark.covers(30, 91)
def test_mean_absolute_error():
    assert nn.L1Loss()(torch.tensor([1.0, 2.0, 3.0]), torch.tensor([3.0, 4.0, 5.0])) == 2.0
    assert round(float(nn.L1Loss()(torch.tensor([1.0, 2, 3]), torch.tensor([1, 2, 5]))), 4) == 0.6667


@pytest.mark.covers(101, 102)
def test_cross_entropy_of_one_row():
    x = torch.tensor([0.1, 0.2, 0.3]).reshape(1, -1)
    assert round(float(nn.CrossEntropyLoss()(x, torch.tensor([1]))), 4) == 1.1019


@pytest.mark.covers(45)
def test_cross_entropy_of_a_batch():
    y_hat, y = torch.randn(3, 5), torch.tensor([1, 0, 4], dtype=torch.long)
    torch.testing.assert_close(nn.CrossEntropyLoss()(y_hat, y), theirs.CrossEntropyLoss()(y_hat, y))


@pytest.mark.covers(50, 54, 55)
@pytest.mark.parametrize("shape", [(4,), (4, 1)])
def test_binary_cross_entropy_of_probabilities(shape):
    pred, target = torch.tensor([0.1, 0.2, 0.8, 0.9]).reshape(shape), torch.tensor([0.0, 0.0, 1.0, 1.0]).reshape(shape)
    assert round(float(nn.BCELoss()(pred, target)), 6) == 0.164252


@pytest.mark.covers(133)
def test_losses_are_made_without_arguments():
    made = [nn.MSELoss(), nn.BCELoss(), nn.CrossEntropyLoss(), nn.HuberLoss()]
    assert all(isinstance(loss, nn.Module) for loss in made)


class MyModel(nn.Module):
    def __init__(self):
        super().__init__()
        layers = [
            ("conv1", nn.Conv2d(3, 32, 5, padding=2)),
            ("maxpool1", nn.MaxPool2d(2)),
            ("conv2", nn.Conv2d(32, 32, 5, padding=2)),
            ("maxpool2", nn.MaxPool2d(2)),
            ("conv3", nn.Conv2d(32, 64, 5, padding=2)),
            ("maxpool3", nn.MaxPool2d(2)),
            ("flatten", nn.Flatten()),
            ("linear1", nn.Linear(64 * 4 * 4, 64)),
            ("linear2", nn.Linear(64, 10)),
        ]
        self.model1 = nn.Sequential(OrderedDict(layers))

    def forward(self, x):
        return self.model1(x)


def images():
    """CIFAR-10's test images where LOSSFN_CIFAR10 names a folder with `test_batch.bin`; else drawn ones."""
    folder = os.environ.get("LOSSFN_CIFAR10")
    if folder is None:
        return torch.rand(8, 3, 32, 32), torch.randint(0, 10, (8,))
    rows = torch.frombuffer(bytearray((Path(folder) / "test_batch.bin").read_bytes()), dtype=torch.uint8)
    rows = rows.reshape(-1, 3073)[:8]
    return rows[:, 1:].reshape(-1, 3, 32, 32) / 255, rows[:, 0].long()


@pytest.mark.covers(105, 107, 115, 116, 117)
def test_network_learns_and_its_scalars_are_written(tmp_path):
    peer("tensorboard")
    tensorboard = peer("torch.utils.tensorboard")
    events = peer("tensorboard.backend.event_processing.event_accumulator")
    torch.manual_seed(0)
    model, loss, (data, labels) = MyModel(), nn.CrossEntropyLoss(), images()
    optimizer = torch.optim.SGD(model.parameters(), lr=0.05)
    assert model.model1.conv1.weight.grad is None
    with tensorboard.SummaryWriter(str(tmp_path)) as writer:
        for step in range(12):
            optimizer.zero_grad()
            result_loss = loss(model(data), labels)
            result_loss.backward()
            assert model.model1.conv1.weight.grad.abs().sum() > 0
            optimizer.step()
            writer.add_scalar("loss", result_loss, step)
    written = events.EventAccumulator(str(tmp_path)).Reload().Scalars("loss")
    assert [scalar.step for scalar in written] == list(range(12))
    assert written[-1].value < written[0].value


@pytest.mark.covers(105, 118)
def test_one_image_at_a_time_has_the_gradient_of_torch():
    torch.manual_seed(0)
    model, (data, labels) = MyModel(), images()
    slopes = []
    for loss in (nn.CrossEntropyLoss(), theirs.CrossEntropyLoss()):
        model.zero_grad()
        loss(model(data[:1]), labels[:1]).backward()
        slopes.append(model.model1.conv1.weight.grad.clone())
    torch.testing.assert_close(*slopes)


def test_what_is_no_loss_is_torchs():
    assert nn.Linear is theirs.Linear
    assert peer("lossfn.torch.functional").relu is peer("torch.nn.functional").relu
