import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import OptionError, ShapeError, TargetError
from lossfn.core.spread import spread
from lossfn.nn import (
    Adam,
    Linear,
    MultiTask,
    Sequential,
    Tanh,
    Trainer,
    Uncertainties,
    balanced_weights,
    effective_weights,
    huber_by_spread,
    in_turn,
    prior_adjusted,
)
from lossfn.nn.adaptive import Adaptive


@pytest.fixture
def rows(rng):
    x = rng.normal(size=(60, 2))
    return x, x @ [1.0, -2.0] + 0.3 * rng.normal(size=60)


def trainer(loss, **options):
    return Trainer(Sequential([Linear(2, 1)], dtype=np.float64), loss, Adam(0.05), **{"epochs": 6, **options})


def test_rule_sees_epoch_and_what_the_model_then_predicts(rows):
    x, y = rows
    seen = []

    def rule(epoch, prediction, target):
        seen.append((epoch, float(np.mean((prediction - target) ** 2))))
        return lf.SquaredError()

    adaptive = trainer(Adaptive(rule, lf.AbsoluteError()))
    history = adaptive.fit(x, y, validation=(x, y))
    assert [epoch for epoch, _ in seen] == list(range(1, 7))
    plain = trainer(lf.SquaredError())
    plain.fit(x, y)
    np.testing.assert_array_equal(adaptive.model.parameters, plain.model.parameters)
    judged = lf.AbsoluteError()(adaptive.model.predict(x)[:, 0], y)
    assert history["valid_loss"][-1] == pytest.approx(judged)
    assert seen[-1][1] < seen[0][1]


def test_delta_follows_the_residuals_and_not_the_outliers(rng):
    y = rng.normal(size=1001)
    spoilt = np.where(np.arange(1001) < 100, 1e6, y)
    delta = huber_by_spread().rule(1, np.zeros(1001), spoilt).delta
    assert delta == pytest.approx(1.345 * spread(spoilt)[1])
    assert delta == pytest.approx(1.345, rel=0.25)
    assert huber_by_spread().rule(1, y, y).delta == 1.0


@pytest.mark.parametrize("loss", [huber_by_spread(), in_turn(lf.SquaredError(), lf.Cauchy(), 3)])
def test_adaptive_training_resumes_bit_for_bit(rows, loss, tmp_path):
    whole = trainer(loss)
    whole.fit(*rows)
    path = tmp_path / "run.safetensors"
    trainer(loss, epochs=3, checkpoint=path).fit(*rows)
    resumed = trainer(loss, checkpoint=path)
    resumed.fit(*rows, resume=True)
    np.testing.assert_array_equal(resumed.model.parameters, whole.model.parameters)


def test_weights_by_effective_numbers_lie_between_none_and_balanced():
    y = np.repeat([0, 1], [900, 10])
    assert effective_weights(y, beta=0.0) == [1.0, 1.0]
    near = np.array(effective_weights(y, beta=1 - 1e-9))
    np.testing.assert_allclose(near / near[0], np.array(balanced_weights(y)) / balanced_weights(y)[0], rtol=1e-5)
    # E_n = (1 - beta^n) / (1 - beta) samples count.
    numbers = (1 - 0.999 ** np.array([900, 10])) / (1 - 0.999)
    middle = np.array(effective_weights(y))
    np.testing.assert_allclose(middle[1] / middle[0], numbers[0] / numbers[1])
    assert sum(middle) == pytest.approx(2.0)


@pytest.mark.parametrize("y", [["a", "b"], [0.0, 1.0], [-1, 1], [[0, 1]], []])
def test_weights_of_what_are_no_class_numbers_are_refused(y):
    with pytest.raises(TargetError, match=r"class numbers 0, 1, 2, .*np.unique"):
        balanced_weights(y)


@pytest.mark.parametrize(("y", "beta", "error"), [([0, 2], 0.9, TargetError), ([0, 1], 1.0, OptionError)])
def test_weights_that_cannot_be_counted_are_refused(y, beta, error):
    with pytest.raises(error):
        effective_weights(y, beta)


def test_logits_are_raised_by_the_log_frequencies(rng):
    logits, y = rng.normal(size=(50, 3)), rng.choice(3, 50, p=[0.7, 0.2, 0.1])
    loss = prior_adjusted(lf.CrossEntropy(), y, tau=0.5)
    raised = logits + 0.5 * np.log(np.bincount(y) / 50)
    for found, expected in zip(
        loss.value_and_grad(logits, y), lf.CrossEntropy().value_and_grad(raised, y), strict=True
    ):
        np.testing.assert_array_equal(found, expected)
    assert loss.accumulate(logits, y) == lf.CrossEntropy().accumulate(raised, y)


@pytest.mark.parametrize("variances", [[], [1.0, 0.0]])
def test_variances_are_above_zero(variances):
    with pytest.raises(OptionError, match="variances"):
        Uncertainties(variances)


# -- several tasks ----------------------------------------------------------------------------------------------

BOTH = MultiTask({"size": (lf.SquaredError(), 0, 0), "kind": (lf.CrossEntropy(), slice(1, 4), 1)})


@pytest.fixture
def tasks(rng):
    output = rng.normal(size=(7, 6))
    output[:, 4:] = [0.5, -1.0]
    return output, np.column_stack([rng.normal(size=7), rng.integers(0, 3, 7)])


def test_weighted_sum_is_that_of_kendall():
    # L = (2, 0.5), σ = (1.3, 0.7): Σ ½ L/σ² + log σ = 1.00761.
    two = MultiTask({"a": (lf.SquaredError(), 0, 0), "b": (lf.SquaredError(), 1, 1)})
    output = np.array([[2.0**0.5, 0.5**0.5, *np.log(np.square([1.3, 0.7]))]])
    assert two.value_and_grad(output, np.zeros((1, 2)))[0] == pytest.approx(1.00761, abs=5e-6)


def test_gradient_of_several_tasks_is_the_slope(tasks):
    output, y = tasks
    _, gradient = BOTH.value_and_grad(output, y)
    columns = [np.eye(6)[k] * np.ones((7, 1)) for k in (4, 5)]
    cells = [np.eye(42)[k].reshape(7, 6) for k in range(42) if k % 6 < 4]
    for move in (*columns, *cells):
        up, down = (BOTH.value_and_grad(output + side * 1e-6 * move, y)[0] for side in (1, -1))
        assert (gradient * move).sum() == pytest.approx((up - down) / 2e-6, abs=1e-8)


def test_sums_of_tasks_merge(tasks):
    output, y = tasks
    whole = BOTH.accumulate(output, y)
    parts = BOTH.accumulate(output[:3], y[:3]) + BOTH.accumulate(output[3:], y[3:])
    assert parts.mean() == pytest.approx(whole.mean())
    assert whole.mean() == pytest.approx(BOTH.value_and_grad(output, y)[0])
    for (name, part), (_, other) in zip(whole.terms, parts.terms, strict=True):
        assert part.mean() == pytest.approx(other.mean())
        assert name in BOTH.tasks


def test_tasks_need_columns_and_uncertainties(tasks):
    output, y = tasks
    with pytest.raises(
        ShapeError, match=r"model: expected Uncertainties as the last layer.*Uncertainties\(\[1.0, 1.0\]"
    ):
        BOTH.value_and_grad(output[:, :-1], y)
    with pytest.raises(ShapeError, match=r"y: expected shape \(N, columns\)"):
        BOTH.accumulate(output, y[:, 0])


def test_layer_of_uncertainties_passes_the_gradient_check(rng):
    layer = Uncertainties([2.0, 0.5])
    assert lf.gradcheck(layer, rng.normal(size=(5, 3)))
    layer.forward(np.ones((4, 1)), training=True)
    layer.backward(np.arange(12.0).reshape(4, 3))
    assert layer.log_variance_gradient.tolist() == [1.0 + 4 + 7 + 10, 2.0 + 5 + 8 + 11]


def test_history_names_every_task_and_uncertainties_reach_their_losses(rng):
    x = rng.normal(size=(400, 2))
    y = np.column_stack([50 * x[:, 0] + 5 * rng.normal(size=400), x[:, 1] > 0])
    tasks = {"size": (lf.SquaredError(), 0, 0), "kind": (lf.CrossEntropy(), slice(1, 3), 1)}
    both = MultiTask(tasks)
    model = Sequential([Linear(2, 16), Tanh(), Linear(16, 3), Uncertainties([900.0, 1.0])], seed=0)
    options = {"batch_size": 400, "epochs": 600, "progress": False}
    history = Trainer(model, both, Adam(0.03), both, **options).fit(x, y, validation=(x, y))
    assert set(history) == {f"{part}_{name}" for part in ("train", "valid") for name in ("loss", "unweighted", *tasks)}
    assert history["valid_unweighted"][-1] == pytest.approx(history["valid_size"][-1] + history["valid_kind"][-1])
    # ½ e^-s L + ½ s is least at s = log L.
    size = model.layers["uncertainties3"].log_variance[0]
    assert size == pytest.approx(np.log(history["train_size"][-1]), abs=0.5)
    assert model.predict(x).shape == (400, 5)
    assert both.decide(model.predict(x)).shape == (400, 3)
