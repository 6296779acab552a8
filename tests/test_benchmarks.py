"""The benchmarks run, and the pages of speed are theirs."""

import json
import subprocess
import sys
from importlib import import_module
from pathlib import Path

import pytest

FOLDER = Path(__file__).parents[1] / "benchmarks"


@pytest.mark.slow
def test_a_table_is_measured_and_written_as_data(tmp_path):
    path = tmp_path / "speed.json"
    command = [sys.executable, FOLDER / "speed.py", "--quick", "--only", "start: import", "--json", path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "| import lossfn |" in done.stdout
    [figure] = json.loads(path.read_text("utf-8"))["figures"]
    assert figure["measured"] > 0
    assert figure["met"] == (figure["measured"] <= figure["bound"]["limit"])


def test_an_unknown_table_is_an_error():
    command = [sys.executable, FOLDER / "speed.py", "--only", "nowhere"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "no table or work is called 'nowhere'" in done.stderr


@pytest.mark.parametrize(("page", "tables"), [("speed.md", "catalogue"), ("torch_speed.md", "torch_catalogue")])
def test_the_page_is_one_the_benchmarks_wrote(page, tables, monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    content = import_module(tables)
    text = (FOLDER.parent / "docs" / page).read_text("utf-8")
    assert text.startswith(content.HEAD)
    for table in content.TABLES.values():
        _, _, after = text.partition(f"## {table.title}\n")
        here = after.partition("\n## ")[0]
        assert [work for work in table.works if f"\n| {work} | " not in here] == []
