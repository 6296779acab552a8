"""The READMEs agree with each other and with what the repository can do."""

import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
ENGLISH, CHINESE = ((ROOT / name).read_text("utf-8") for name in ("README.md", "README.zh-CN.md"))


def blocks(text):
    """Language and content of every code block."""
    return re.findall(r"^```(\w*)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)


def prose(text):
    return re.sub(r"^```.*?^```$", "", text, flags=re.MULTILINE | re.DOTALL)


def headings(text):
    return re.findall(r"^(#+) .+$", prose(text), re.MULTILINE)


def links(text):
    return re.findall(r"\]\(([^)]+)\)", prose(text))


def commands(text):
    """The lines of the shell blocks after the two that set up."""
    shell = [content for language, content in blocks(text) if language == "sh"]
    return [line for content in shell[2:] for line in content.splitlines()]


def test_translation_has_the_same_headings():
    assert headings(CHINESE) == headings(ENGLISH) != []


def test_translation_has_the_same_code():
    assert blocks(CHINESE) == blocks(ENGLISH) != []


def test_translation_has_the_same_links():
    assert links(CHINESE) == links(ENGLISH) != []


def test_translation_has_the_same_tables_and_lists():
    def rows(text):
        return re.findall(r"^(?:\| `[^`]+`|- )", text, re.MULTILINE)

    assert rows(CHINESE) == rows(ENGLISH) != []


def test_two_commands_set_up():
    installing = [block for block in blocks(ENGLISH) if "pip install" in block[1]]
    assert installing == blocks(ENGLISH)[:2]
    assert [content.count("\n") for _, content in installing] == [1, 1]
    assert "lossfn train" in installing[0][1]
    assert "pytest" in installing[1][1]


def test_links_lead_somewhere():
    assert [link for link in links(ENGLISH) if not (ROOT / link).exists()] == []


def test_folders_in_the_table_exist():
    folders = re.findall(r"^\| `([^`]+)` \|", ENGLISH, re.MULTILINE)
    assert folders
    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


@pytest.mark.parametrize("command", commands(ENGLISH))
def test_command_runs(command, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    program, *arguments = shlex.split(command)
    script = Path(sys.executable).with_name(program)
    done = subprocess.run([script, *arguments], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout
