import json

import pytest

import lossfn as lf
from cli.helpers import run, said
from lossfn.nn import DATASETS
from lossfn.sklearn import LossRegressor

LOSSES = ["--loss", "SquaredError", "--loss", "Quantile", "--q", "0.9"]


def test_figures_are_those_of_the_library():
    found = json.loads(said("compare", "diabetes", *LOSSES, "--json"))
    expected = lf.compare([lf.SquaredError(), lf.Quantile(q=0.9)], LossRegressor(), DATASETS["diabetes"]())
    assert [one["loss"] for one in found["trainings"]] == ["SquaredError()", "Quantile(q=0.9)"]
    for one, row in zip(found["trainings"], expected.values, strict=True):
        assert one["test"] == pytest.approx(dict(zip(expected.measures, row, strict=True)))


@pytest.mark.parametrize("model", ["mlp", "hist"])
def test_models_by_name(model, one_thread):
    rows = json.loads(said("compare", "sine", *LOSSES, "--model", model, "--json"))["trainings"]
    assert rows[0]["test"]["SquaredError"] < rows[1]["test"]["SquaredError"]


def test_table_and_report(tmp_path):
    place = tmp_path / "report.html"
    text = said("compare", "diabetes", *LOSSES, "--report", place)
    for piece in ("linear model on diabetes, 354 rows", "trained under", "*", str(place)):
        assert piece in text
    assert "<svg" in place.read_text("utf-8")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--loss", "Huber"], "takes several losses, got Huber alone"),
        (["--loss", "Huber", "--loss", "CrossEntropy"], "CrossEntropy is for classes"),
    ],
)
def test_losses_that_cannot_be_compared(words, message):
    code, _, err = run("compare", "diabetes", *words)
    assert (code, message in err) == (2, True)
