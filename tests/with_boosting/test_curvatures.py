"""What the choice of the curvature is worth, as the document says."""

import runpy
import sys
from pathlib import Path
from types import SimpleNamespace

import pytest

from peers import peer

pytestmark = pytest.mark.peer
peer("xgboost")

ROOT = Path(__file__).parents[2]


@pytest.fixture
def curvatures(monkeypatch):
    monkeypatch.syspath_prepend(ROOT / "benchmarks")
    yield SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "boosting_curvatures.py")))
    sys.modules.pop("boosting_parity", None)


@pytest.mark.usefixtures("one_thread")
def test_a_majorizer_beats_the_true_hessian_of_huber(curvatures):
    huber = curvatures.CHOICES[0]
    learnt = {rule: curvatures.losses(huber, rule)[0] for rule in huber.rules}
    assert learnt["majorizer"] < 0.97 * learnt["exact, floor=1"] < 0.97 * learnt["exact"]
    text = (ROOT / "docs" / "boosting.md").read_text("utf-8")
    for rule, loss in learnt.items():
        usual = " (default)" * (rule == "majorizer")
        assert f"| {huber.loss} | {huber.data} | {rule}{usual} | {loss:.4f} |" in text


@pytest.mark.usefixtures("one_thread")
def test_a_majorizer_comes_near_refitted_leaves(curvatures):
    quantile = curvatures.CHOICES[1]
    assert curvatures.losses(quantile, "majorizer")[0] < 1.05 * curvatures.losses(quantile, "built-in")[0]


@pytest.mark.usefixtures("one_thread")
def test_the_majorizer_of_absolute_error_is_as_good_as_ones_and_better_on_other_rows(curvatures):
    absolute = curvatures.CHOICES[2]
    (learnt, other), ones = (curvatures.losses(absolute, rule) for rule in ("majorizer", "engine"))
    assert learnt < 1.01 * ones[0]
    assert other < 0.995 * ones[1]
    assert other < curvatures.losses(absolute, "built-in")[1]
