import json

import numpy as np
import pytest

import lossfn as lf
from cli.helpers import run, said

Y, P = np.array([1.0, 2.0, 3.0, 4.0, 50.0]), np.array([1.1, 2.2, 2.9, 3.9, 5.0])
WORDS = ["--target", "y", "--prediction", "p"]


@pytest.fixture
def file(tmp_path):
    place = tmp_path / "rows.csv"
    groups = ["a", "a", "b", "b", "b"]
    rows = (f"{y},{p},{g}" for y, p, g in zip(Y, P, groups, strict=True))
    place.write_text("\n".join(["y,p,g", *rows]), "utf-8")
    return place


def test_figures_are_those_of_the_library(file):
    losses = ["--loss", "SquaredError", "--loss", "Huber", "--delta", "2"]
    found = json.loads(said("explain", file, *WORDS, *losses, "--by", "g", "--json"))
    expected = lf.explain(lf.SquaredError(), P, Y, by=list("aabbb"), against=[lf.Huber(delta=2.0)])
    assert found["mean"] == expected.total.mean()
    assert found["groups"] == [vars(part) for part in expected.groups]
    assert found["outliers"]["rows"] == [5]
    assert [(each["loss"], each["pull"]) for each in found["outliers"]["carry"]] == [
        (repr(each.loss), each.pull) for each in expected.leverage
    ]
    assert found["top"][0] == {
        "row": 5,
        "p": 5.0,
        "y": 50.0,
        "loss": 2025.0,
        "share": expected.top(1)[0].share,
        "pull": expected.top(1)[0].pull,
        "outlier": True,
    }


def test_tables_name_what_they_show(file):
    text = said("explain", file, *WORDS, "--loss", "SquaredError", "--by", "g")
    for piece in ("5 rows, 1 outlier", "share of gradient", "outliers under", "AbsoluteError", "An outlier is a row"):
        assert piece in text
    perfect = ["--target", "y", "--prediction", "y", "--loss", "SquaredError", "--weight", "p", "--top", "0"]
    assert said("explain", file, *perfect) == "SquaredError: mean 0 over 5 rows, 0 outliers\n"


def test_report_is_written_and_named(file, tmp_path):
    place = tmp_path / "report.html"
    assert str(place) in said("explain", file, *WORDS, "--loss", "Huber", "--report", place)
    assert "rows.csv" in place.read_text("utf-8")
    code, _, err = run("explain", file, *WORDS, "--loss", "Huber", "--report", tmp_path / "report.txt")
    assert (code, "ends in .html" in err) == (2, True)
