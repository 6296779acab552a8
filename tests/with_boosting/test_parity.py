"""Objectives under `hessian="engine"` train the models of the engines' own; the document says how nearly."""

import re
import runpy
from pathlib import Path
from types import SimpleNamespace

import pytest

from peers import peer

pytestmark = pytest.mark.peer
for engine in ("xgboost", "lightgbm", "catboost"):
    peer(engine)

ROOT = Path(__file__).parents[2]
parity = SimpleNamespace(**runpy.run_path(str(ROOT / "benchmarks" / "boosting_parity.py")))


def named(case):
    return f"{case.title}-{case.data}"


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize("weighted", [False, True], ids=["", "weighted"])
@pytest.mark.parametrize("case", parity.CASES, ids=named)
def test_engines_grow_the_same_models(case, weighted):
    found = parity.compare(case, weighted)
    assert set(found.differences) == {"XGBoost", "LightGBM"} | ({"CatBoost"} if case.catboost else set())
    for engine, difference in found.differences.items():
        assert difference <= parity.BOUNDS[engine], engine


@pytest.mark.usefixtures("one_thread")
@pytest.mark.parametrize(("title", "hessian"), [("Poisson", "exact"), ("softmax", "majorizer")])
def test_another_curvature_grows_others(title, hessian):
    case = next(case for case in parity.CASES if case.title == title)
    found = parity.compare(case, False, hessian)
    assert {engine for engine in parity.TRAIN if found.differences[engine] > 1e-3} >= {"LightGBM"}


def test_the_document_has_every_row():
    text = (ROOT / "docs" / "boosting.md").read_text("utf-8")
    for case in parity.CASES:
        for weighted in (False, True):
            assert f"| {parity.heading(case, weighted)} |" in text
    pictures = re.findall(r"\]\((images/\w+\.png)\)", text)
    assert [(ROOT / "docs" / picture).exists() for picture in pictures] == [True] * 3
