"""The guide builds without a warning in both languages, every message is translated, and no result is typed."""

import html
import importlib.util
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from peers import peer

DOCS = Path(__file__).parents[1] / "docs"
CHINESE = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
PAGES = sorted([DOCS / "index.md", *(DOCS / "guide").glob("*.md")])


def load(path):
    """Import a file of the documents, which are no package."""
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


claims = load(DOCS / "extensions" / "claims.py")


def build(folder, *options, source=DOCS):
    """Run Sphinx; what pages run counts for no coverage."""
    command = [sys.executable, "-m", "sphinx", "-W", "-q", *options, "-d", folder / "doctrees", source, folder / "out"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("COVERAGE")}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment)


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_pages_build_without_a_warning(language, tmp_path):
    peer("sphinx")
    done = build(tmp_path, "-D", f"language={language}")
    assert (done.returncode, done.stderr) == (0, "")
    built = {page: (tmp_path / "out" / page.relative_to(DOCS)).with_suffix(".html") for page in PAGES}
    assert all(file.exists() for file in built.values())
    if language == "zh_CN":
        read = peer("babel.messages.pofile").read_po
        for page, file in built.items():
            shown = html.unescape(re.sub("<[^>]+>", "", file.read_text("utf-8")))
            with (CHINESE / page.relative_to(DOCS)).with_suffix(".po").open("rb") as catalogue:
                messages = [m.id for m in read(catalogue) if m.id and m.id != m.string]
            assert [text for text in messages if len(text) > 30 and text in shown] == [], page


@pytest.mark.peer
def test_every_message_is_translated(tmp_path):
    peer("sphinx")
    read = peer("babel.messages.pofile").read_po
    done = build(tmp_path, "-b", "gettext")
    assert (done.returncode, done.stderr) == (0, "")
    for page in PAGES:
        place = page.relative_to(DOCS)
        with (CHINESE / place).with_suffix(".po").open("rb") as file:
            known = {message.id: message.string for message in read(file) if message.id and not message.fuzzy}
        with (tmp_path / "out" / place).with_suffix(".pot").open("rb") as file:
            asked = {message.id for message in read(file) if message.id}
        assert asked - {text for text, translation in known.items() if translation} == set(), place
        assert {text for text in asked if values(text) != values(known[text])} == set(), place


def values(text):
    """The expressions of a text that the build computes."""
    return sorted(re.findall(r"\{value\}`[^`]+`", text))


@pytest.mark.peer
@pytest.mark.parametrize(
    ("page", "fails"),
    [
        ("```{run}\nx = 1\n```\n{value}`x`", False),
        ("```{run}\n1 / 0\n```", True),
        ("```{run}\n:raises: ValueError\n1\n```", True),
        ("{value}`missing`", True),
        ("```{draw}\nmissing\n```", True),
    ],
)
def test_code_that_fails_fails_the_build(page, fails, tmp_path):
    peer("sphinx")
    (tmp_path / "conf.py").write_text(
        f"import sys\nsys.path.insert(0, {str(DOCS)!r})\nextensions = ['myst_parser', 'extensions.run']\n"
    )
    (tmp_path / "index.md").write_text(f"# Title\n\n{page}\n")
    assert (build(tmp_path / "built", source=tmp_path).returncode != 0) == fails


def prose(text):
    """What stands outside code, formulas and roles."""
    return re.sub(r"^```.*?^```$|\$\$.*?\$\$|\$[^$]+\$|`[^`]+`", "", text, flags=re.MULTILINE | re.DOTALL)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_no_result_is_typed(page):
    assert re.findall(r"\d+[.,]\d+|\d+ ?%", prose(page.read_text("utf-8"))) == []
    translated = (CHINESE / page.relative_to(DOCS)).with_suffix(".po").read_text("utf-8")
    messages = translated.partition("\n\n")[2].replace('"\n"', "")
    assert re.findall(r"\d+[.,]\d+|\d+ ?%", prose(messages)) == []


def test_every_claim_is_answered():
    rows = [int(row["row"]) for row in claims.checklist()]
    assert rows == list(range(1, 148))
    assert sorted(claims.traces()) == rows


def test_a_claim_is_answered_by_its_marks_alone(monkeypatch, tmp_path):
    monkeypatch.setattr(claims, "ROOT", tmp_path)
    monkeypatch.setattr(claims, "DOCS", tmp_path / "docs")
    (tmp_path / "docs" / "guide").mkdir(parents=True)
    (tmp_path / "tests").mkdir()
    (tmp_path / "docs" / "guide" / "page.md").write_text("# Title\n\n% covers 1 2\n\ncovers 4\n")
    marked = "@pytest.mark.covers(2, 3)\ndef test_a(): ...\n# pytest.mark.covers(5)\ndef test_b(): ..."
    (tmp_path / "tests" / "test_it.py").write_text(marked)
    page, test = "guide/page", "tests/test_it.py::test_a"
    assert claims.traces() == {1: ([page], []), 2: ([page], [test]), 3: ([], [test])}


def test_the_errors_are_as_many_as_the_page_says():
    text = (DOCS / "guide" / "mistakes.md").read_text("utf-8")
    assert int(re.search(r"These (\d+) did not hold", text)[1]) == len(re.findall("^### ", text, re.MULTILINE))
