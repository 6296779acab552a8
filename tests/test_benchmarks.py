"""The benchmarks run, and the page of speed is one of theirs."""

import json
import subprocess
import sys
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


def test_the_page_is_one_the_benchmarks_wrote(monkeypatch):
    monkeypatch.syspath_prepend(FOLDER)
    import catalogue
    import report

    text = (FOLDER.parent / "docs/speed.md").read_text("utf-8")
    assert text.startswith(report.HEAD)
    for table in catalogue.TABLES.values():
        _, _, after = text.partition(f"## {table.title}\n")
        here = after.partition("\n## ")[0]
        assert [work for work in table.works if f"\n| {work} | " not in here] == []
