"""Kept kernels: whatever is found on disk, and whoever writes beside us, the result is right."""

import os
import subprocess
import sys

import numpy as np
import pytest

import lossfn as lf
from lossfn.core import threads
from lossfn.engines.native import machine

PROGRAM = """
import numpy as np
import lossfn as lf
print(float(lf.Huber()(np.arange(50.0), np.zeros(50))), float(lf.CrossEntropy()(np.eye(3), [0, 1, 1])))
"""
EXPECTED = f"{24.01} {1.0 / 3 + 0.5514447139320511}"


@pytest.fixture
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setenv("LOSSFN_CACHE", str(folder))
    return folder


def started(folder):
    environment = os.environ | {"LOSSFN_CACHE": str(folder)}
    return subprocess.Popen(
        [sys.executable, "-c", PROGRAM], env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )


def finished(process):
    out, errors = process.communicate(timeout=60)
    assert (process.returncode, errors) == (0, "")
    np.testing.assert_allclose([float(x) for x in out.split()], [float(x) for x in EXPECTED.split()], rtol=1e-12)


def kept(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_an_object_comes_back_as_it_was_kept(cache):
    machine.remember("ab12", b"code")
    assert machine.recall("ab12") == b"code"
    assert machine.recall("ab13") is None
    assert [path.name for path in kept(cache)] == ["ab12"]


@pytest.mark.parametrize(
    "damage",
    [
        lambda data: b"",
        lambda data: data[:20],
        lambda data: data[:-1],
        lambda data: data[:-1] + bytes([data[-1] ^ 1]),
        lambda data: b"X" + data[1:],
        lambda data: data + b"more",
    ],
    ids=["empty", "head only", "cut", "a bit flipped", "another version", "longer"],
)
def test_a_damaged_object_is_not_used(cache, damage):
    machine.remember("ab12", b"code")
    (path,) = kept(cache)
    path.write_bytes(damage(path.read_bytes()))
    assert machine.recall("ab12") is None
    machine.remember("ab12", b"code")
    assert machine.recall("ab12") == b"code"


def test_an_object_under_another_name_is_not_used(cache):
    machine.remember("ab12", b"code")
    (path,) = kept(cache)
    path.rename(path.with_name("ab13"))
    assert machine.recall("ab13") is None


def test_a_process_mends_what_is_damaged(cache):
    finished(started(cache))
    before = kept(cache)
    assert before
    for path in before:
        path.write_bytes(path.read_bytes()[:100])
    finished(started(cache))
    assert kept(cache) == before
    assert all(len(path.read_bytes()) > 100 for path in before)


def test_many_processes_start_at_once(cache):
    processes = [started(cache) for _ in range(6)]
    for process in processes:
        finished(process)
    assert kept(cache)
    assert not [path for path in kept(cache) if path.name.startswith(".new-")]


def test_a_killed_writer_leaves_nothing_that_counts(cache):
    (cache / "ab").mkdir(parents=True)
    (cache / "ab" / ".new-left").write_bytes(b"half of an obj")
    assert machine.recall("ab12") is None
    finished(started(cache))


def test_a_disk_that_refuses_costs_only_the_compile(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    finished(started(blocked))
    assert blocked.read_text() == "not a folder"


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform has no fork")
@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")  # threads before fork are what is tested
def test_a_forked_child_computes(monkeypatch):
    x = np.linspace(-3, 3, 1 << 18)
    monkeypatch.setitem(threads._setting, "threads", 2)
    whole = lf.Huber()(x, np.zeros_like(x))
    child = os.fork()
    if child == 0:
        os._exit(int(lf.Huber()(x, np.zeros_like(x)) != whole))
    assert os.waitpid(child, 0)[1] == 0
