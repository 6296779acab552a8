import numpy as np
import pytest

from lossfn.compat.simple_nn import CrossEntropyLoss, MSELoss, Trainer
from lossfn.core.errors import LossfnError, ShapeError, TargetError
from lossfn.nn import Adam, Linear, Sequential


def differences(function, x, step=1e-6):
    """Slopes of a function by central differences."""
    slope = np.empty_like(x)
    for place in np.ndindex(x.shape):
        above, below = x.copy(), x.copy()
        above[place] += step
        below[place] -= step
        slope[place] = (function(above) - function(below)) / (2 * step)
    return slope


@pytest.mark.covers(2, 3, 4, 23)
def test_mse_is_the_mean_over_all_elements(rng):
    x, y = rng.normal(size=(2, 4, 5))
    loss = MSELoss()
    assert loss.forward(x, y) == pytest.approx(np.mean((x - y) ** 2))
    slope = loss.backward()
    np.testing.assert_allclose(slope, differences(lambda z: MSELoss().forward(z, y), x), atol=1e-8)


@pytest.mark.covers(5)
def test_the_gradient_is_that_of_the_arrays_seen(rng):
    x, y = rng.normal(size=(2, 4))
    loss = MSELoss()
    loss.forward(x, y)
    expected = 2 * (x - y) / 4
    x[:] = 0
    loss.backward()[:] = 0
    np.testing.assert_allclose(loss.backward(), expected)


@pytest.mark.covers(8, 14, 16, 17)
def test_cross_entropy_is_not_clipped(rng):
    logits, labels = rng.normal(size=(3, 4)), [0, 3, 1]
    loss = CrossEntropyLoss()
    loss.forward(logits, labels)
    slope = loss.backward()
    np.testing.assert_allclose(slope, differences(lambda z: CrossEntropyLoss().forward(z, labels), logits), atol=1e-8)
    assert loss.forward([[0.0, 1000.0]], [0]) == 1000


@pytest.mark.covers(6, 19)
def test_mistakes_are_errors():
    with pytest.raises(ShapeError):
        MSELoss().forward(np.zeros(3), np.zeros((3, 1)))
    with pytest.raises(TargetError):
        CrossEntropyLoss().forward(np.zeros((1, 3)), [-1])
    with pytest.raises(LossfnError, match="call forward"):
        MSELoss().backward()


@pytest.mark.covers(22)
def test_small_integers_do_not_wrap():
    assert MSELoss().forward(np.array([0], np.uint8), np.array([20], np.uint8)) == 400


@pytest.mark.covers(7, 24)
@pytest.mark.parametrize(
    ("task", "loss", "outputs", "metric"),
    [("regression", MSELoss(), 1, "train_mse"), ("classification", CrossEntropyLoss(), 2, "train_accuracy")],
)
def test_the_task_type_chooses_the_metric(task, loss, outputs, metric, rng):
    x = rng.normal(size=(40, 2))
    y = (x[:, 0] > 0).astype(int)
    trainer = Trainer(Sequential([Linear(2, outputs)]), loss, Adam(0.1), taskType=task, batchSize=8, epochs=20)
    history = trainer.fit(x, y)
    assert history["train_loss"][-1] < history["train_loss"][0]
    assert metric in history
