import json
import re
import sys

import numpy as np
import pytest
from click.testing import CliRunner

import lossfn as lf
from cli.helpers import run, said
from lossfn.cli import fit, roles
from lossfn.cli.app import app
from lossfn.cli.faults import InputError
from lossfn.nn import DATASETS, from_arrays
from peers import peer

QUICK = fit.Settings("mlp", 12, 32, 0.01, 15, 0)
ROWS = np.random.default_rng(0).normal(size=(300, 3))
SMALL = {
    "regression": from_arrays(ROWS, np.exp(ROWS[:, 0] - 0.5 * ROWS[:, 1]), "regression", name="small"),
    "two": from_arrays(ROWS, ROWS[:, 0] > 0.5 * ROWS[:, 1], "classification", name="two"),
    "three": from_arrays(ROWS, np.digitize(ROWS[:, 0], [-0.5, 0.5]), "classification", name="three"),
}


def pairs():
    """Every data set with every loss that fits it."""
    for name, data in SMALL.items():
        for loss in map(lf.get, lf.list_losses()):
            try:
                roles.role(loss, data)
            except InputError:
                continue
            yield pytest.param(loss, data, id=f"{type(loss).__name__}-{name}")


@pytest.mark.parametrize(("loss", "data"), list(pairs()))
def test_every_loss_learns_what_fits_it(loss, data):
    found = fit.fit(loss, data, QUICK)
    if data.class_names:
        assert found.test["accuracy"] > 0.85
    else:
        assert found.test["mse"] < 0.6 * np.var(data.y_test)


TREES = [
    ("regression", lf.Quantile()),
    ("regression", lf.Gamma()),
    ("two", lf.Hinge(labels="pm1")),
    ("two", lf.CrossEntropy()),
    ("three", lf.Focal()),
    ("three", lf.KLDivergence()),
]


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("name", "loss"), TREES, ids=repr)
def test_trees_learn_under_any_kind_of_loss(name, loss):
    data = SMALL[name]
    found = fit.fit(loss, data, fit.Settings("hist", 40, 32, 0.1, 10, 0))
    assert found.history["valid_loss"][found.history.best_epoch - 1] == min(found.history["valid_loss"])
    assert found.test["loss"] == pytest.approx(found.shares.total.mean())
    if data.class_names:
        assert found.test["accuracy"] == (found.prediction == data.y_test).mean() > 0.85
    else:
        assert found.test["mse"] < 0.6 * np.var(data.y_test)


def test_trees_without_scikit_learn_say_what_to_install(monkeypatch):
    for name in [name for name in sys.modules if name.startswith(("lossfn.sklearn", "lossfn.cli.trees"))]:
        monkeypatch.delitem(sys.modules, name)
    monkeypatch.setitem(sys.modules, "sklearn", None)
    code, out, err = run("train", "sine", "--loss", "Huber", "--model", "hist")
    assert (code, out) == (2, "")
    assert err == "lossfn: lossfn.sklearn needs scikit-learn. Try: pip install 'lossfn[sklearn]'\n"


LIBRARIES = ["xgboost", "lightgbm", "catboost"]


@pytest.mark.parametrize("library", LIBRARIES)
def test_trees_of_a_missing_library_say_what_to_install(library, monkeypatch):
    monkeypatch.setitem(sys.modules, library, None)
    code, out, err = run("train", "sine", "--loss", "Huber", "--model", library)
    assert (code, out) == (2, "")
    assert err == f"lossfn: --model {library} needs {library}. Try: pip install 'lossfn[boosting]'\n"


def test_what_histogram_boosting_refuses_is_no_defect():
    labels = np.repeat([0, 1, 2], [150, 147, 3])
    data = from_arrays(ROWS, labels, "classification", name="rare", test_fraction=0.6)
    with pytest.raises(InputError, match="hist does not train on rare: The least populated"):
        fit.fit(lf.CrossEntropy(), data, fit.Settings("hist", 3, 32, 0.3, 10, 0))


@pytest.mark.peer
@pytest.mark.parametrize(("library", "words"), [("lightgbm", "num_features"), ("catboost", "constant or ignored")])
def test_what_a_library_refuses_is_no_defect(library, words):
    peer(library)
    data = from_arrays(np.ones((100, 2)), ROWS[:100, 0], "regression", name="flat")
    with pytest.raises(InputError, match=f"{library} does not train on flat: [^\n]*{words}"):
        fit.fit(lf.Huber(), data, fit.Settings(library, 3, 32, 0.3, 10, 0))


@pytest.mark.peer
@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("library", LIBRARIES)
@pytest.mark.parametrize(("name", "loss"), TREES, ids=repr)
def test_trees_of_libraries_learn(library, name, loss):
    peer(library)
    data, rounds = SMALL[name], 8 if (library, name) == ("catboost", "three") else 40
    settings = fit.Settings(library, rounds, 32, 0.3, 10, 0)
    if isinstance(loss, lf.Distribution):
        with pytest.raises(InputError, match="one label a row"):
            fit.fit(loss, data, settings)
        return
    found = fit.fit(loss, data, settings)
    assert found.history["valid_loss"][found.history.best_epoch - 1] == min(found.history["valid_loss"])
    assert found.test["loss"] == pytest.approx(found.shares.total.mean())
    if data.class_names:
        assert found.test["accuracy"] == (found.prediction == data.y_test).mean() > 0.85
    else:
        assert found.test["mse"] < 0.6 * np.var(data.y_test)


@pytest.mark.usefixtures("one_thread")
def test_trees_are_said_and_shown(tmp_path):
    place = tmp_path / "report.html"
    words = ["diabetes", "--loss", "Huber", "--model", "hist", "--epochs", 20, "--report", place]
    assert re.search(r"model +hist, \d+ rounds of 1 tree with 31 leaves at most\n", said("train", *words))
    assert "leaves at most" in place.read_text("utf-8")
    assert json.loads(said("train", *words[:-2], "--json"))["options"]["learning_rate"] == 0.1


def test_every_loss_fits_some_data_or_says_why_not():
    trained = {type(case.values[0]).__name__ for case in pairs()}
    policies = {"PolicyGradient", "PPOClip", "TemporalDifference"}  # of actions taken, not of rows of a table
    untrained = {type(loss).__name__ for loss in map(lf.get, lf.list_losses())} - trained
    assert untrained == {"ZLoss", "ZeroOne"} | policies


def test_labels_of_both_kinds_train_alike():
    plain, signed = (fit.fit(lf.Hinge(labels=labels), SMALL["two"], QUICK).test for labels in ("01", "pm1"))
    assert plain == signed


def test_digits_reach_97_percent():
    found = json.loads(said("train", "digits", "--loss", "CrossEntropy", "--json"))
    assert found["test_accuracy"] >= 0.97
    assert len(found["history"]["valid_loss"]) == found["epochs"]
    assert found["options"] == {"model": "mlp", "epochs": 100, "batch_size": 32, "learning_rate": 0.01} | {
        "patience": 15,
        "seed": 0,
    }


@pytest.mark.parametrize(
    ("data", "loss", "metric", "limit"),
    [("diabetes", "Huber", "test_mse", 3600), ("sine", "SquaredError", "test_mse", 0.02)],
)
def test_regressions_come_close_to_the_noise(data, loss, metric, limit):
    assert json.loads(said("train", data, "--loss", loss, "--json"))[metric] < limit


@pytest.mark.parametrize("data", ["spiral", "breast_cancer"])
def test_classifications_are_learnt(data):
    found = json.loads(said("train", data, "--loss", "CrossEntropy", "--epochs", 20, "--json"))
    assert found["test_accuracy"] > 0.95


def test_hyperparameters_are_options():
    words = ["train", "breast_cancer", "--loss", "cross_entropy", "--epochs", 2, "--json"]
    found = json.loads(said(*words, "--label-smoothing", "0.1", "--class-weight=1,2"))
    assert found["loss"] == "CrossEntropy(ignore_index=None, class_weight=[1.0, 2.0], label_smoothing=0.1)"


def test_same_seed_same_result():
    words = ["train", "sine", "--loss", "Huber", "--epochs", 3, "--json", "--seed", 4]
    first, second = (json.loads(said(*words)) | {"seconds": 0} for _ in range(2))
    assert first == second


def test_text_says_what_was_trained():
    out = said("train", "diabetes", "--loss", "Huber", "--delta", "2", "--model", "linear")
    assert out.startswith("Huber(delta=2.0) on diabetes\n")
    for line in (
        "354 rows to learn from, 88 to test on",
        "linear, 10 → 1",
        "mean squared error",
        "The loss sees (target",
    ):
        assert line in out
    assert not re.search(r" +$", out, re.MULTILINE)


def test_quiet_is_quiet():
    assert said("train", "sine", "--loss", "Huber", "--epochs", 1, "--quiet") == ""


def test_infinity_is_null_in_json(monkeypatch):
    from lossfn.cli import outputs

    result = CliRunner().invoke(app, ["--version"])
    assert result.exit_code == 0
    lines = []
    monkeypatch.setattr(outputs.click, "echo", lines.append)
    outputs.as_json({"a": [float("inf"), np.float64("nan"), np.int64(3)]})
    assert json.loads(lines[0]) == {"a": [None, None, 3]}


@pytest.mark.parametrize("data", ["diabetes", "breast_cancer"])
def test_report_is_one_whole_page(tmp_path, data):
    place, loss = tmp_path / "report.html", {"diabetes": "Huber", "breast_cancer": "CrossEntropy"}[data]
    said("train", data, "--loss", loss, "--epochs", 3, "--report", place)
    page = place.read_text("utf-8")
    assert page.startswith("<!DOCTYPE html>")
    assert page.rstrip().endswith("</html>")
    assert page.count("<svg") == 6
    for heading in ("Training", "Test loss by", "The rows that cost most", "The loss", "Settings", "Repeat it"):
        assert f"<h2>{heading}" in page
    outside = set(re.findall(r"(?:src|href|url\()[^>]*?(https?://[^\"')]+)", page))
    assert {link for link in outside if "w3.org" not in link} == set()
    assert [file.name for file in tmp_path.iterdir()] == ["report.html"]


@pytest.mark.filterwarnings("error")
def test_targets_of_any_size_have_a_unit(tmp_path):
    path = tmp_path / "huge.npz"
    x = np.linspace(-1, 1, 50)
    shapes = {"huge": 1e200 * x, "constant": np.full(50, 0.1)}
    np.savez(path, x=x, **shapes)
    huge, constant = (
        json.loads(said("train", path, "--loss", "Huber", "--target", name, "--features", "x", "--json"))
        for name in shapes
    )
    assert 1e199 < huge["target"]["scale"] < 1e200
    assert huge["test_loss"] < 0.1
    assert constant["target"] == {"shift": 0.1, "scale": 1.0}


def test_advice_names_options_of_the_command():
    _, _, err = run("train", "diabetes", "--loss", "SquaredError", "--learning-rate", "1e30")
    assert err.endswith("Try: --learning-rate 0.001\n")


def test_file_trains_numbers_and_classes(tmp_path):
    place = tmp_path / "rows.csv"
    lines = [f"{a:.6f},{b:.6f},{a - b:.6f},{'high' if a > b else 'low'}" for a, b in ROWS[:, :2]]
    place.write_text("a,b,y,class\n" + "\n".join(lines))
    words = ["--features", "a,b", "--json", "--epochs", 30]
    assert json.loads(said("train", place, "--target", "y", "--loss", "Huber", *words))["test_mse"] < 0.1
    assert json.loads(said("train", place, "--target", "class", "--loss", "Focal", *words))["test_accuracy"] > 0.9


@pytest.mark.parametrize("name", sorted(DATASETS))
def test_a_loss_that_does_not_fit_names_those_that_do(name):
    wrong = "Huber" if DATASETS[name](0).class_names else "CrossEntropy"
    code, out, err = run("train", name, "--loss", wrong)
    assert (code, out) == (2, "")
    assert re.fullmatch(rf"lossfn: {wrong} is for .*\. Losses that fit {name}: \w+(, \w+)+\.\n", err)
