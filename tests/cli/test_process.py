"""What only a process of its own shows: start-up, pipes, interrupts, a missing library."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

LOSSFN = str(Path(sys.executable).with_name("lossfn"))
EXAMPLE = Path(__file__).parents[2] / "examples" / "diabetes_predictions.csv"


def lossfn(*words, **options):
    return subprocess.run([LOSSFN, *words], capture_output=True, text=True, check=False, **options)


def python(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


@pytest.mark.parametrize("words", [["--help"], ["train", "--help"], ["evaluate", "--help"], ["--version"]])
def test_help_loads_neither_numpy_nor_rich(words):
    done = python(
        f"import sys; sys.argv = ['lossfn', *{words!r}]\nfrom lossfn.cli import main\n"
        "try: main()\nexcept SystemExit as end: print(end.code)\n"
        "print([name for name in ('numpy', 'rich', 'matplotlib', 'llvmlite') if name in sys.modules])"
    )
    assert done.stdout.splitlines()[-2:] == ["0", "[]"], done.stderr


def test_version_is_printed():
    assert lossfn("--version").stdout.startswith("lossfn 0.")


def test_nothing_but_json_on_standard_output():
    done = lossfn("evaluate", str(EXAMPLE), "--target=target", "--prediction=prediction", "--loss", "Huber", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(done.stdout)["losses"][0]["rows"] == 442


def test_reader_that_leaves_is_no_accident():
    with subprocess.Popen([LOSSFN, "list"], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdout.close()
        assert process.stderr.read() == b""
        assert process.wait() == 1


@pytest.mark.skipif(os.name != "posix", reason="signals are POSIX")
def test_interrupt_is_one_sentence():
    words = ["train", "spiral", "--loss", "CrossEntropy", "--epochs", "100000", "--patience", "100000"]
    # Coverage takes a lock at each new function, and an interrupt in there is never answered.
    unmeasured = {name: value for name, value in os.environ.items() if not name.startswith("COV")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True, "env": unmeasured}
    with subprocess.Popen([LOSSFN, *words], **pipes) as process:
        time.sleep(2.5)
        process.send_signal(signal.SIGINT)
        try:
            out, err = process.communicate(timeout=20)
        finally:
            process.kill()
    assert (process.returncode, out, err.strip()) == (1, "", "lossfn: stopped.")


def test_a_poor_terminal_gets_question_marks():
    done = lossfn("show", "huber", env={**os.environ, "PYTHONIOENCODING": "cp1252"}, encoding="cp1252")
    assert (done.returncode, done.stderr) == (0, "")
    assert "?delta" in done.stdout


def test_missing_click_is_named():
    done = python("import sys; sys.modules['click'] = None\nfrom lossfn.cli import main\nmain()")
    assert done.returncode == 1
    assert done.stderr == 'lossfn: the command line needs click and rich. Try: pip install "lossfn[cli]"\n'


@pytest.mark.parametrize(
    ("module", "words", "extra"),
    [
        ("pyarrow", ["evaluate", "x.parquet", "--target", "y", "--prediction", "p", "--loss", "Huber"], "data"),
        ("matplotlib", ["show", "huber", "--plot", "x.svg"], "plot"),
        ("sklearn", ["train", "digits", "--loss", "CrossEntropy"], "sklearn"),
    ],
)
def test_missing_extra_is_named(tmp_path, monkeypatch, module, words, extra):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "x.parquet").write_bytes(b"xx")
    done = python(
        f"import sys; sys.modules[{module!r}] = None; sys.argv = ['lossfn', *{words!r}]\n"
        "from lossfn.cli import main\nmain()"
    )
    assert done.returncode == 2
    assert done.stderr.startswith("lossfn: ")
    assert done.stderr.endswith(f'Try: pip install "lossfn[{extra}]"\n')
    assert done.stderr.count("\n") == 1
