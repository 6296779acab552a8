import copy
from dataclasses import replace

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import OptionError, ShapeError
from lossfn.nn import DATASETS, Adam, Linear, Sequential, Tanh, Trainer, from_arrays
from lossfn.sklearn import LossClassifier, LossRegressor, MLPRegressor


@pytest.fixture(scope="module")
def diabetes():
    return DATASETS["diabetes"]()


@pytest.fixture(scope="module")
def classes():
    """Three overlapping clouds of 100 points."""
    rng = np.random.default_rng(3)
    labels = np.repeat(np.arange(3), 100)
    return from_arrays(2.0 * np.eye(3)[labels] + rng.normal(size=(300, 3)), labels, "classification")


def test_figures_are_those_of_trainings_one_by_one(diabetes):
    losses = [lf.SquaredError(), lf.Quantile(q=0.9), lf.Poisson()]
    found = lf.compare(losses, LossRegressor(), diabetes)
    assert found.measures == ("SquaredError", "Quantile(q=0.9)", "Poisson", "AbsoluteError")
    for row, loss in zip(found.values, losses, strict=True):
        answers = LossRegressor(loss).fit(diabetes.x_train, diabetes.y_train).predict(diabetes.x_test)
        costs = [measure(answers, diabetes.y_test) for measure in (losses[0], losses[1], lf.AbsoluteError())]
        np.testing.assert_allclose(row[[0, 1, 3]], costs, rtol=1e-12)
        # Poisson takes the log of the mean.
        np.testing.assert_allclose(row[2], lf.Poisson()(np.log(answers), diabetes.y_test), rtol=1e-12)


def test_every_loss_is_best_at_what_it_asks_for(diabetes):
    found = lf.compare([lf.SquaredError(), lf.Quantile(q=0.9), lf.Quantile(q=0.1)], LossRegressor(), diabetes)
    assert found.values[:, :3].argmin(axis=0).tolist() == [0, 1, 2]


def test_loss_of_several_predictions_is_measured_where_it_was_trained(diabetes):
    found = lf.compare([lf.SquaredError(), lf.GaussianNLL()], LossRegressor(), diabetes)
    assert np.isnan(found.values[:, 1]).tolist() == [True, False]
    mean, deviation = found.models[1].predict(diabetes.x_test, return_std=True)
    assert found.values[1, 1] == pytest.approx(lf.GaussianNLL()((mean, deviation**2), diabetes.y_test))


def test_answers_outside_what_a_loss_takes_mean_nothing_to_it():
    x = np.linspace(-3, 3, 60)
    found = lf.compare([lf.SquaredError(), lf.SquaredLogError()], LossRegressor(), (x[:, None], 5 * np.exp(x)))
    assert found.models[0].predict(found.data.x_test).min() < -1
    assert np.isnan(found.values[:, 1]).tolist() == [True, False]


def test_classes_are_measured_by_their_probabilities(classes):
    found = lf.compare([lf.CrossEntropy(), lf.Focal()], LossClassifier(), classes)
    for row, model in zip(found.values, found.models, strict=True):
        p = model.predict_proba(classes.x_test)[np.arange(len(classes.y_test)), classes.y_test]
        np.testing.assert_allclose(row[0], -np.log(p).mean(), rtol=1e-9)
        np.testing.assert_allclose(row[1], -((1 - p) ** 2 * np.log(p)).mean(), rtol=1e-9)
        assert row[2] == pytest.approx(1 - model.score(classes.x_test, classes.y_test))


def test_losses_of_two_classes_read_each_others_probabilities():
    data = DATASETS["breast_cancer"]()
    losses = [
        lf.CrossEntropy(),
        lf.BinaryCrossEntropyWithLogits(),
        lf.BinaryCrossEntropy(),
        lf.SoftMargin(),
        lf.Hinge(),
    ]
    found = lf.compare(losses, LossClassifier(alpha=0.01), data)
    np.testing.assert_allclose(found.values[:, :4], found.values[:, :1] * np.ones(4), rtol=1e-9)
    margin = found.models[4].decision_function(data.x_test)
    assert found.values[4, 4] == pytest.approx(lf.Hinge()(margin, data.y_test))


def test_model_may_be_a_function_of_the_loss(diabetes):
    losses = [lf.SquaredError(), lf.Huber(delta=20.0)]
    network = MLPRegressor(max_iter=2, random_state=0)
    given = lf.compare(losses, network, diabetes)
    made = lf.compare(losses, lambda loss: MLPRegressor(loss, max_iter=2, random_state=0), diabetes)
    np.testing.assert_array_equal(given.values, made.values)
    assert network.loss == "squared_error"


def test_a_bare_network_learns_each_loss_from_the_same_weights(diabetes):
    losses = [lf.SquaredError(), lf.Quantile(q=0.9), lf.Poisson()]
    network = Sequential([Linear(10, 4), Tanh(), Linear(4, 1)], seed=3)
    first = network.parameters.copy()
    data = replace(diabetes, y_train=diabetes.y_train / 100, y_test=diabetes.y_test / 100)
    found = lf.compare(losses, network, data)
    np.testing.assert_array_equal(network.parameters, first)
    for row, loss in zip(found.values, losses, strict=True):
        trainer = Trainer(copy.deepcopy(network), loss, Adam(0.01), progress=False)
        trainer.fit(data.x_train, data.y_train)
        answers = trainer.predict(data.x_test).astype(np.float64)
        answers = np.exp(answers) if loss == lf.Poisson() else answers
        costs = [measure(answers, data.y_test) for measure in (losses[0], losses[1], lf.AbsoluteError())]
        np.testing.assert_allclose(row[[0, 1, 3]], costs, rtol=1e-6)
    assert found.values[:, :2].argmin(axis=0).tolist() == [0, 1]


def test_a_bare_network_tells_classes_apart(classes):
    found = lf.compare([lf.CrossEntropy(), lf.Focal()], Sequential([Linear(3, 3)]), classes)
    for row, model in zip(found.values, found.models, strict=True):
        p = model.predict_proba(classes.x_test)[np.arange(len(classes.y_test)), classes.y_test]
        np.testing.assert_allclose(row[0], -np.log(p).mean(), rtol=1e-6)
        assert row[-1] == np.mean(model.predict(classes.x_test) != classes.y_test) < 0.3


@pytest.mark.parametrize("outputs", [1, 2])
def test_two_classes_take_one_output_or_two(outputs):
    data = DATASETS["breast_cancer"]()
    found = lf.compare([lf.CrossEntropy(), lf.Focal()], Sequential([Linear(30, outputs)]), data)
    assert (found.values[:, -1] < 0.06).all()
    assert found.models[0].decision_function(data.x_test).ndim == outputs


def test_a_margin_of_a_bare_network_is_measured_by_its_own_loss():
    data = DATASETS["breast_cancer"]()
    found = lf.compare([lf.Hinge(), lf.BinaryCrossEntropy()], Sequential([Linear(30, 1)]), data)
    margin = found.models[0].decision_function(data.x_test)
    assert found.values[0, 0] == pytest.approx(lf.Hinge()(margin, data.y_test), rel=1e-6)
    assert (found.values[:, -1] < 0.06).all()


def test_a_bare_network_may_predict_its_deviation(diabetes):
    data = replace(diabetes, y_train=diabetes.y_train / 100, y_test=diabetes.y_test / 100)
    found = lf.compare([lf.GaussianNLL()], Sequential([Linear(10, 2)]), data)
    mean, deviation = found.models[0].predict(data.x_test, return_std=True)
    assert found.values[0, 0] == pytest.approx(lf.GaussianNLL()((mean, deviation**2), data.y_test), rel=1e-6)


def test_a_network_without_the_outputs_of_a_loss_is_refused(diabetes):
    with pytest.raises(ShapeError, match=r"model: expected 2 outputs under GaussianNLL, got 1 outputs"):
        lf.compare([lf.SquaredError(), lf.GaussianNLL()], Sequential([Linear(10, 1)]), diabetes)


def test_text_marks_the_best_and_report_is_one_file(classes, tmp_path):
    found = lf.compare([lf.CrossEntropy(), lf.Focal()], LossClassifier(), classes)
    lines = str(found).splitlines()
    assert lines[0].split()[-3:] == ["error", "rate", "seconds"]
    assert lines[1].count("*") + lines[2].count("*") >= 3
    found.save(tmp_path / "report.html")
    page = (tmp_path / "report.html").read_text("utf-8")
    assert page.count("<svg") == 2
    assert '<td class="number">' in page


@pytest.mark.parametrize(
    ("losses", "model"),
    [([], LossRegressor()), ([lf.Huber(), lf.CrossEntropy()], LossRegressor()), ([lf.Huber()], "mlp")],
)
def test_what_cannot_be_compared_is_refused(losses, model, diabetes):
    with pytest.raises(OptionError, match=r"losses|model"):
        lf.compare(losses, model, diabetes)
