import json
import shutil
import sys
from pathlib import Path

import pytest

import lossfn as lf
from cli.helpers import run, said

OWN = Path(__file__).parents[2] / "examples" / "own_loss.py"


def test_show_writes_formulas():
    lines = said("show", "huber", "--delta", "2").splitlines()
    assert lines[0] == "Huber(delta=2.0)"
    for line in (
        "  gradient  = −delta  where r < −delta",
        "            = r       where −delta ≤ r ≤ delta",
        "  hessian   = 1  where −delta ≤ r ≤ delta",
        "  estimates   between median and mean",
    ):
        assert line in lines
    assert "  torch " in "\n".join(lines)


@pytest.mark.parametrize("name", lf.list_losses())
def test_every_loss_is_shown(name):
    found = json.loads(said("show", name, "--json"))
    assert found["formulas"]["value"]
    assert found["about"].endswith((".", ")."))
    assert said("show", name).startswith(type(lf.get(name)).__name__)


@pytest.mark.parametrize(("ending", "opening"), [(".svg", b"<?xml"), (".png", b"\x89PNG"), (".pdf", b"%PDF")])
def test_plot_is_written(tmp_path, ending, opening):
    said("show", "gaussian_nll", "--plot", tmp_path / f"x{ending}")
    assert (tmp_path / f"x{ending}").read_bytes().startswith(opening)
    assert len(list(tmp_path.iterdir())) == 1


def test_list_names_every_loss():
    text, entries = said("list"), json.loads(said("list", "--json"))
    assert sorted(entry["name"] for entry in entries) == sorted(type(lf.get(n)).__name__ for n in lf.list_losses())
    assert all(entry["name"] in text for entry in entries)
    assert {entry["for"] for entry in entries} == {"numbers", "two classes", "classes"}


def test_check_runs_the_laws_on_a_loss_of_ones_own(tmp_path):
    words = ["check", f"{OWN}:SmoothQuantile", "--q", "0.9"]
    lines = said(*words).splitlines()
    assert lines[0] == "SmoothQuantile(q=0.9, width=0.1)"
    assert lines[-1].endswith("laws hold")
    assert all("✓" in line for line in lines[1:-1])
    found = json.loads(said(*words, "--json"))
    assert found["passed"]
    assert len(found["laws"]) == len(lines) - 2


def test_a_broken_law_is_named_and_exits_with_1(tmp_path):
    place = tmp_path / "wrong.py"
    place.write_text(
        "import lossfn as lf\n"
        "class Wrong(lf.Pointwise, register=False):\n"
        "    def formula(self, m, prediction, target): return m.square(prediction - target)\n"
        "    def gradient(self, m, prediction, target): return prediction - target\n"
    )
    code, out, err = run("check", f"{place}:Wrong")
    assert (code, err) == (1, "")
    (broken,) = [line for line in out.splitlines() if "✗" in line]
    assert "gradient" in broken
    assert "expected" in broken
    assert "1 of " in out.splitlines()[-1]


def test_own_loss_trains_and_is_shown():
    place = f"{OWN}:SmoothQuantile"
    assert said("show", place, "--q", "0.9").startswith("SmoothQuantile(q=0.9, width=0.1)")
    found = json.loads(said("train", "sine", "--loss", place, "--q", "0.9", "--epochs", 3, "--json"))
    assert found["loss"] == "SmoothQuantile(q=0.9, width=0.1)"


@pytest.fixture(autouse=True)
def forgotten():
    """Own losses of a test do not stay registered for the others."""
    from lossfn.core.registry import REGISTRY

    before = dict(REGISTRY)
    yield
    REGISTRY.clear()
    REGISTRY.update(before)
    for name in [name for name in sys.modules if name.startswith("lossfn_own_")]:
        del sys.modules[name]
    shutil.rmtree(OWN.parent / "__pycache__", ignore_errors=True)
