import io
import json

import numpy as np
import pytest

import lossfn
from lossfn.core.errors import ArgumentError, LossfnError, OptionError, ShapeError, TargetError
from lossfn.nn import (
    SGD,
    Adam,
    BatchNorm,
    Linear,
    ReLU,
    Sequential,
    Tanh,
    Trainer,
    balanced_weights,
    breast_cancer,
    digits,
    from_arrays,
    sine,
    spiral,
)
from nn.stand_ins import Logistic, SoftmaxCrossEntropy, Squared


def line(rows=40, noise=0.0):
    generator = np.random.default_rng(0)
    x = generator.normal(size=(rows, 1))
    return x, 2 * x[:, 0] + 1 + noise * generator.normal(size=rows)


def straight(**options):
    """A trainer of one affine map."""
    settings = {"epochs": 30, "batch_size": 16, **options}
    return Trainer(Sequential([Linear(1, 1)], dtype=np.float64), Squared(), Adam(0.1), **settings)


@pytest.mark.covers(8)
def test_digits_reach_97_percent():
    assert np.mean([digits_accuracy(seed) for seed in range(3)]) >= 0.97


def digits_accuracy(seed):
    """Test accuracy of one hidden layer."""
    data = digits(seed)
    model = Sequential([Linear(64, 64, init="he"), ReLU(), Linear(64, 10)], seed=seed)
    trainer = Trainer(model, SoftmaxCrossEntropy(), Adam(0.002), "classification", epochs=40, seed=seed)
    history = trainer.fit(data.x_train, data.y_train)
    assert history["train_accuracy"][-1] >= 0.99
    assert history.seconds < 10
    accuracy = trainer.evaluate(data.x_test, data.y_test)["accuracy"]
    assert accuracy == np.mean(trainer.predict(data.x_test) == data.y_test)
    return accuracy


@pytest.mark.covers(7)
@pytest.mark.parametrize("seed", range(5))
def test_sine_reaches_the_noise(seed):
    data = sine(seed)
    model = Sequential([Linear(1, 16), Tanh(), Linear(16, 16), Tanh(), Linear(16, 1)], seed=seed)
    trainer = Trainer(model, Squared(), Adam(0.01), batch_size=64, epochs=500, seed=seed, patience=500)
    trainer.fit(data.x_train, data.y_train)
    assert trainer.evaluate(data.x_test, data.y_test)["mse"] <= 0.013


def test_spiral_reaches_99_percent():
    data = spiral()
    model = Sequential([Linear(2, 32), Tanh(), Linear(32, 32), Tanh(), Linear(32, 3)])
    trainer = Trainer(
        model, SoftmaxCrossEntropy(), Adam(0.01), "classification", batch_size=128, epochs=100, patience=100
    )
    trainer.fit(data.x_train, data.y_train)
    assert trainer.evaluate(data.x_test, data.y_test)["accuracy"] >= 0.99


def test_one_logit_column_separates_two_classes():
    data = breast_cancer()
    trainer = Trainer(Sequential([Linear(30, 1)]), Logistic(), Adam(0.01), "classification", epochs=30)
    trainer.fit(data.x_train, data.y_train)
    predicted = trainer.predict(data.x_test)
    assert set(predicted) == {0, 1}
    accuracy = trainer.evaluate(data.x_test, data.y_test)["accuracy"]
    assert accuracy == np.mean(predicted == data.y_test) >= 0.95


@pytest.mark.parametrize("loss_name", ["BinaryCrossEntropyWithLogits", "Hinge"])
def test_binary_losses_of_the_library(loss_name):
    x = np.random.default_rng(0).normal(size=(200, 2))
    y = (x[:, 0] > x[:, 1]).astype(int)
    trainer = Trainer(Sequential([Linear(2, 1)]), lossfn.get(loss_name), Adam(0.05), "classification")
    trainer.fit(x, y)
    assert trainer.evaluate(x, y)["accuracy"] > 0.97


@pytest.mark.covers(24)
def test_losses_of_the_library_train_like_the_stand_ins():
    x, y = line(noise=0.1)
    ours, theirs = straight(), straight()
    theirs.loss = lossfn.SquaredError()
    expected, got = ours.fit(x, y), theirs.fit(x, y)
    np.testing.assert_allclose(got["train_loss"], expected["train_loss"], rtol=1e-9)
    labels = (y > 1).astype(int)
    histories = []
    for loss in (SoftmaxCrossEntropy(), lossfn.CrossEntropy()):
        model = Sequential([Linear(1, 2)], dtype=np.float64)
        histories.append(Trainer(model, loss, SGD(0.1), "classification", epochs=5).fit(x, labels))
    np.testing.assert_allclose(histories[0]["train_loss"], histories[1]["train_loss"], rtol=1e-9)


@pytest.mark.covers(89)
def test_epoch_mean_divides_by_the_true_denominator():
    x, y = line(rows=20)
    weight = np.arange(1.0, 21.0)
    trainer = straight(epochs=1, batch_size=7)
    trainer.optimizer = SGD(1e-30)
    expected = trainer.evaluate(x, y, sample_weight=weight)["loss"]
    history = trainer.fit(x, y, sample_weight=weight)
    residual = trainer.predict(x) - y
    assert expected == pytest.approx(np.average(residual**2, weights=weight), rel=1e-12)
    assert history["train_loss"][0] == pytest.approx(expected, rel=1e-12)
    assert history["train_mse"][0] == pytest.approx(np.mean(residual**2), rel=1e-12)


def test_a_measurement_in_parts_is_the_whole(monkeypatch):
    x, y = line(rows=50)
    whole = straight().evaluate(x, y)
    monkeypatch.setattr("lossfn.nn.lesson.ROWS_AT_ONCE", 7)
    assert straight().evaluate(x, y) == pytest.approx(whole, rel=1e-12)


def test_weights_reach_the_gradient():
    x, y = line()
    spoiled, weight = y.copy(), np.ones(len(y))
    spoiled[::4] = 100
    weight[::4] = 0
    trainer = straight(epochs=200)
    trainer.fit(x, spoiled, sample_weight=weight)
    np.testing.assert_allclose(trainer.model.parameters, [2, 1], atol=1e-3)


def test_ignored_labels_count_in_no_metric():
    model = Sequential([Linear(1, 2)])
    model.parameters[:] = [0.0, 0.0, 2.0, 0.0]
    for ignored in (-100, 0):
        loss = lossfn.CrossEntropy(ignore_index=ignored)
        trainer = Trainer(model, loss, SGD(1e-9), "classification", epochs=1, batch_size=2)
        y = np.array([ignored, 0, 1, ignored, 1]) if ignored < 0 else np.array([0, 1, 1, 0, 1])
        accuracy = 1 / 3 if ignored < 0 else 0
        assert trainer.fit(np.ones((5, 1)), y)["train_accuracy"][0] == pytest.approx(accuracy)
        assert trainer.evaluate(np.ones((5, 1)), y)["accuracy"] == pytest.approx(accuracy)
        assert trainer.evaluate(np.ones((2, 1)), [ignored] * 2) == {"loss": 0.0, "accuracy": 0.0}


def test_weights_of_each_output_stay_with_their_row():
    x, y, weight = np.ones((2, 1)), np.array([[0.0, 1.0], [2.0, 3.0]]), np.array([[1.0, 2.0], [3.0, 4.0]])
    trainer = Trainer(Sequential([Linear(1, 2)]), lossfn.SquaredError(), SGD(1e-9), epochs=1, batch_size=2)
    history = trainer.fit(x, y, sample_weight=weight)
    assert history["train_loss"][0] == pytest.approx(trainer.evaluate(x, y, weight)["loss"])


def test_history_tells_what_happened():
    x, y = line()
    history = straight(epochs=3).fit(x, y, validation=(x[:5], y[:5]))
    assert list(history) == ["train_loss", "train_mse", "valid_loss", "valid_mse"]
    assert all(len(figures) == 3 for figures in history.values())
    assert history.epochs == 3
    assert history.best_epoch == 1 + int(np.argmin(history["valid_loss"]))
    assert history.seconds > 0
    assert json.loads(json.dumps(history)) == history


def test_early_stopping_restores_the_best_parameters():
    x, y = line(noise=1.0)
    held_out = (x, -y)
    trainer = straight(epochs=100, patience=4)
    history = trainer.fit(x, y, validation=held_out)
    assert history.epochs == history.best_epoch + 4 < 100
    assert trainer.evaluate(*held_out)["loss"] == min(history["valid_loss"])


def test_without_patience_the_last_parameters_stay():
    x, y = line(noise=1.0)
    trainer = straight(epochs=10)
    history = trainer.fit(x, y, validation=(x, -y))
    assert history.epochs == 10
    assert trainer.evaluate(x, -y)["loss"] == history["valid_loss"][-1]


def test_same_seed_same_training():
    x, y = line(noise=0.1)
    first, same, other = (straight(seed=seed).fit(x, y) for seed in (1, 1, 2))
    assert first == same != other


def test_nan_stops_and_names_epoch_and_batch():
    x, y = line(rows=40)
    trainer = straight(seed=3)
    y[np.random.default_rng(3).permutation(40)[20]] = np.nan
    bad = np.flatnonzero(np.isnan(y))[0]
    with pytest.raises(
        LossfnError, match=rf"got nan in epoch 1, batch 2\. First bad: row {bad}, .*target of row {bad}"
    ):
        trainer.fit(x, y)
    assert np.isfinite(trainer.model.parameters).all()


def test_divergence_stops_too():
    x, y = line()
    trainer = Trainer(Sequential([Linear(1, 1)]), Squared(), SGD(50.0))
    with (
        np.errstate(over="ignore"),
        pytest.raises(LossfnError, match=r"got inf in epoch \d+, batch \d+\..*smaller learning_rate"),
    ):
        trainer.fit(x, y)


def test_nan_in_validation_is_named():
    x, y = line()
    with pytest.raises(LossfnError, match="got nan in epoch 1, validation"):
        straight().fit(x, y, validation=(x, np.full_like(y, np.nan)))


def test_several_outputs_and_column_targets():
    x, y = line()
    both = np.column_stack([y, -y])
    trainer = Trainer(Sequential([Linear(1, 2)]), PerRow(), Adam(0.1), epochs=200)
    trainer.fit(x, both)
    np.testing.assert_allclose(trainer.predict(x), both, atol=0.01)
    column = straight()
    column.loss = PerRow()
    column.fit(x, y[:, None])
    assert column.predict(x).shape == (40,)


class PerRow(Squared):
    def terms(self, prediction, target):
        value, slope = super().terms(prediction, target)
        return value.mean(axis=1), slope / value.shape[1]


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_a_bar_is_drawn_on_a_terminal_only(monkeypatch):
    monkeypatch.setenv("TERM", "xterm")
    x, y = line()
    for stream, drawn in ((Terminal(), True), (io.StringIO(), False)):
        monkeypatch.setattr("sys.stderr", stream)
        straight(epochs=2).fit(x, y)
        assert ("train_loss" in stream.getvalue()) == drawn
    monkeypatch.setattr("sys.stderr", stream := Terminal())
    straight(epochs=2, progress=False).fit(x, y)
    assert stream.getvalue() == ""


def test_without_rich_training_is_silent(monkeypatch):
    monkeypatch.setattr("lossfn.nn.progress.find_spec", lambda name: None)
    monkeypatch.setattr("sys.stderr", stream := Terminal())
    x, y = line()
    straight(epochs=2).fit(x, y)
    assert stream.getvalue() == ""


def test_callbacks_hear_each_epoch_and_may_end_the_training():
    heard = []
    x, y = line()

    def listen(epoch, figures):
        heard.append((epoch, figures))
        return epoch == 3

    history = straight(callbacks=[listen]).fit(x, y)
    assert [epoch for epoch, _ in heard] == [1, 2, 3]
    assert [figures["train_loss"] for _, figures in heard] == history["train_loss"]


def test_the_schedule_sees_the_epochs_passed():
    times = []

    def falling(time):
        times.append(time)
        return 0.0

    x, y = line(rows=40)
    trainer = straight(epochs=2, batch_size=16, schedule=falling)
    before = trainer.model.parameters.copy()
    trainer.fit(x, y)
    np.testing.assert_allclose(times, [0, 0.4, 0.8, 1, 1.4, 1.8])
    np.testing.assert_array_equal(trainer.model.parameters, before)


def test_gradients_are_clipped():
    x, y = line()
    trainer = straight(epochs=1, batch_size=40, clip_norm=0.5)
    trainer.optimizer = SGD(1.0)
    before = trainer.model.parameters.copy()
    trainer.fit(x, 1000 * y)
    assert np.linalg.norm(trainer.model.parameters - before) == pytest.approx(0.5)


def test_class_weights_are_sample_weights_by_class():
    x, y = line(noise=1.0)
    labels, weight, sample = (y > 2).astype(int), [1.0, 5.0], np.linspace(1, 2, len(y))
    options = {"task": "classification", "epochs": 5}
    by_class, by_hand = straight(class_weight=weight, **options), straight(**options)
    for trainer in (by_class, by_hand):
        trainer.loss = lossfn.BinaryCrossEntropyWithLogits()
    got = by_class.fit(x, labels, (x, labels), sample)
    by_sample = sample * np.array(weight)[labels]
    assert got == by_hand.fit(x, labels, (x, labels, np.array(weight)[labels]), by_sample)
    balanced = np.array(balanced_weights(labels))[labels]
    assert balanced[labels == 0].sum() == pytest.approx(balanced[labels == 1].sum())
    assert balanced.mean() == pytest.approx(1)


def test_the_best_epoch_has_its_running_averages():
    x, y = line(noise=1.0)
    model = Sequential([Linear(1, 4), BatchNorm(4), Linear(4, 1)], dtype=np.float64)
    trainer = Trainer(model, Squared(), Adam(0.1), patience=3)
    history = trainer.fit(x, y, validation=(x, -y))
    assert history.best_epoch < history.epochs
    assert trainer.evaluate(x, -y)["loss"] == min(history["valid_loss"])


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda x, y: straight(epochs=0), OptionError, "epochs: expected a whole number"),
        (lambda x, y: straight(patience=0), OptionError, "patience"),
        (lambda x, y: straight(task="ranking"), OptionError, "task: expected .* got 'ranking'"),
        (lambda x, y: straight(clip_norm=0.0), OptionError, "clip_norm"),
        (lambda x, y: straight(class_weight=[1.0]).fit(x, y), ShapeError, "class_weight: .* got 1 weights"),
        (lambda x, y: balanced_weights([0, 2]), TargetError, "no label 1"),
        (lambda x, y: straight().fit(x, y[1:]), ShapeError, r"y: expected 40 rows.*shape \(39,\)"),
        (lambda x, y: straight().fit(x[:, 0], y), ShapeError, r"x.reshape\(-1, 1\)"),
        (lambda x, y: straight().fit(x, y, sample_weight=1.0), ShapeError, "sample_weight: expected 40 rows"),
        (lambda x, y: straight().fit(x * np.inf, y), ArgumentError, r"x: expected finite numbers, got .*\(0, 0\)"),
        (lambda x, y: Trainer(Sequential([Linear(1, 1)]), Squared(), Adam), OptionError, r"an Optimizer.*Adam\(\)"),
        (lambda x, y: Trainer(Sequential([Linear(1, 1)]), Squared, Adam()), OptionError, "loss: expected a loss"),
        (lambda x, y: Trainer(Sequential([Linear(1, 1)]), "mse", Adam()), OptionError, "a loss, got 'mse'"),
        (lambda x, y: straight(batch_size=2.5), OptionError, "batch_size: expected a whole number .* got 2.5"),
        (lambda x, y: straight().fit(x, y, (x,)), ArgumentError, r"validation: expected \(x, y\) or .*tuple of 1"),
        (lambda x, y: straight().fit(x, y.astype(str)), TargetError, r"y: expected numbers, got text.*np.unique"),
        (lambda x, y: straight().fit(x.astype(object).astype(str), y), TargetError, "x: expected numbers, got text"),
        (lambda x, y: straight(checkpoint="none/run").fit(x, y), ArgumentError, "a file in a folder that exists"),
        (lambda x, y: straight().fit(x[:0], y[:0]), ShapeError, "x: expected at least one row"),
    ],
)
def test_wrong_use(call, error, message):
    with pytest.raises(error, match=message):
        call(*line())


def test_features_beyond_the_dtype_are_told_from_missing_ones():
    x, y = line()
    trainer = Trainer(Sequential([Linear(1, 1)]), Squared(), Adam())
    with pytest.raises(ArgumentError, match=r"got 1e\+300 at \(2, 0\).*more than float32 holds"):
        trainer.fit(np.where(np.arange(40) == 2, 1e300, x[:, 0]).reshape(-1, 1), y)


def test_a_loss_over_classes_needs_an_output_for_each():
    x, y = line()
    trainer = Trainer(Sequential([Linear(1, 1)]), lossfn.CrossEntropy(), Adam(), "classification")
    with pytest.raises(ShapeError, match=r"an output for each class under CrossEntropy.*got 1 output"):
        trainer.fit(x, y > 0)


def test_class_names_are_refused_with_the_repair():
    x, y = line()
    trainer = Trainer(Sequential([Linear(1, 2)]), SoftmaxCrossEntropy(), Adam(), "classification")
    with pytest.raises(TargetError, match=r"np.unique\(y, return_inverse=True\)"):
        trainer.fit(x, np.where(y > 0, "yes", "no"))
    data = from_arrays(x, np.where(y > 0, "yes", "no"), "classification")
    trainer.fit(data.x_train, data.y_train)
