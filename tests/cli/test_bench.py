"""`lossfn bench --accuracy`: what it prints, and that the document is what it printed."""

import json
from pathlib import Path

import numpy as np
import pytest

import lossfn as lf
from cli.helpers import run, said
from lossfn.cli import accuracy
from lossfn.explanation.accuracy import accuracies
from lossfn.explanation.accuracy.formats import FORMATS
from lossfn.explanation.accuracy.measure import _counted

DOCUMENT = Path(__file__).parents[2] / "docs/accuracy.md"
OURS = ("native", "reference")
WIDE = {"value": 2.0, "gradient": 4.0}


@pytest.fixture(autouse=True)
def without_peers(monkeypatch):
    monkeypatch.setattr("lossfn.explanation.accuracy.peers.LIBRARIES", {})


@pytest.mark.parametrize("name", lf.list_losses())
def test_every_loss_keeps_its_promise_at_the_frozen_points(name):
    found = list(accuracies(name, lf.get(name)))
    assert {(one.dtype, one.by) for one in found} == {(form, by) for form in FORMATS for by in OURS}
    for one in found:
        limit = WIDE.get(one.what, 2.0**12) * (4.0 if "focal" in name else 1.0) if one.dtype == "float64" else 1.0
        assert one.results > 5
        assert one.failures == 0, one
        assert one.ulps <= limit, one


def test_errors_and_failures_are_counted():
    truth = np.array([[[1.0, 0.0, 0.0]]] * 6)
    got = np.array([[1.0], [1.0 + 2.0**-23], [1.0 - 2.0**-22], [np.nan], [0.0], [-1.0]])
    one = _counted(got, truth, FORMATS["float32"], ("L", "float32", "x", "value"))
    assert (one.results, one.ulps, one.failures) == (6, 2.0, 3)
    assert one.within == pytest.approx(2 / 3)


def test_the_rest_of_a_truth_counts():
    truth = np.array([[[1.0, 2.0**-54, 0.0]]])
    one = _counted(np.array([[1.0]]), truth, FORMATS["float64"], ("L", "float64", "x", "value"))
    assert one.ulps == 0.25


def test_beside_a_truth_of_zero_the_smallest_number_is_the_unit():
    one = _counted(np.array([[1e-40]]), np.zeros((1, 1, 3)), FORMATS["float32"], ("L", "float32", "x", "value"))
    assert one.ulps == pytest.approx(1e-40 / 2.0**-149)


def test_the_document_names_every_loss_in_every_format():
    text = DOCUMENT.read_text(encoding="utf-8")
    assert text.startswith(accuracy.PREFACE)
    for name in lf.list_losses():
        for form in FORMATS:
            for by in OURS:
                assert f"| {type(lf.get(name)).__name__} | {form} | {by} |" in text


def test_it_prints_what_it_measured():
    document = said("bench", "--accuracy", "--loss", "huber")
    assert "| PseudoHuber | bfloat16 | reference |" in document
    found = json.loads(said("bench", "--accuracy", "--loss", "pseudo_huber", "--json"))
    assert len(found) == 4 * 2 * 3
    assert {one["loss"] for one in found} == {"PseudoHuber"}
    assert max(one["ulps"] for one in found if one["dtype"] == "float32") <= 1.0


def test_failures_are_written_out():
    one = accuracy.Accuracy("L", "float32", "x", "value", 10, 1234.5, 0.25, 3)
    assert accuracy.written([one]).endswith("| L | float32 | x | 1.2e+03 · 25% · **3** |  |  |")


@pytest.mark.parametrize("words", [("--loss", "nothing", "--accuracy"), ()])
def test_misuse_is_told(words):
    code, out, err = run("bench", *words)
    assert (code, out) == (2, "")
    assert "--loss: no loss has 'nothing'" in err or "--accuracy" in err
