"""The guide builds without a warning in both languages, every message is translated, and no result is typed."""

import re
import subprocess
import sys
from pathlib import Path

import pytest

from peers import peer

DOCS = Path(__file__).parents[1] / "docs"
CHINESE = DOCS / "locale" / "zh_CN" / "LC_MESSAGES"
PAGES = sorted([DOCS / "index.md", *(DOCS / "guide").glob("*.md")])


def build(folder, *options, source=DOCS):
    command = [sys.executable, "-m", "sphinx", "-W", "-q", *options, "-d", folder / "doctrees", source, folder / "out"]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.peer
@pytest.mark.slow
@pytest.mark.parametrize("language", ["en", "zh_CN"])
def test_pages_build_without_a_warning(language, tmp_path):
    peer("sphinx")
    done = build(tmp_path, "-D", f"language={language}")
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "out" / "guide" / "mse.html").exists()


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
