"""Kept kernels: whatever is found on disk, and whoever writes beside us, the result is right."""

import errno
import os
import signal
import subprocess
import sys
import tempfile
import time

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
    processes = [started(cache) for _ in range(20)]
    for process in processes:
        finished(process)
    assert kept(cache)
    assert not [path for path in kept(cache) if path.name.startswith(".new-")]


# A writer that stops halfway, so that it can be killed there.
WRITER = """
import tempfile, time
from lossfn.engines.native import machine
made = tempfile.NamedTemporaryFile
def slowly(*args, **options):
    file = made(*args, **options)
    write = file.write
    def halves(data):
        write(data[: len(data) // 2])
        file.flush()
        print("half", flush=True)
        time.sleep(60)
    file.write = halves
    return file
machine.tempfile.NamedTemporaryFile = slowly
machine.remember("ab12", b"code" * 1000)
"""


@pytest.mark.skipif(os.name == "nt", reason="no kill -9")
def test_a_writer_killed_while_writing_leaves_nothing_that_counts(cache):
    environment = os.environ | {"LOSSFN_CACHE": str(cache)}
    writer = subprocess.Popen([sys.executable, "-c", WRITER], env=environment, stdout=subprocess.PIPE, text=True)
    assert writer.stdout.readline() == "half\n"
    writer.send_signal(signal.SIGKILL)
    writer.communicate(timeout=60)
    assert [path.name[:5] for path in kept(cache)] == [".new-"]
    assert machine.recall("ab12") is None
    machine.remember("ab12", b"code")
    assert machine.recall("ab12") == b"code"


@pytest.mark.skipif(os.name == "nt", reason="no kill -9")
@pytest.mark.parametrize("delay", [0.2, 0.4, 0.6, 0.8])
def test_a_process_killed_at_any_moment_does_no_harm(cache, delay):
    process = started(cache)
    time.sleep(delay)
    process.kill()
    process.communicate(timeout=60)
    finished(started(cache))


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EROFS])
def test_a_disk_that_is_full_costs_only_the_compile(cache, monkeypatch, number):
    made = tempfile.NamedTemporaryFile

    def full(*args, **options):
        file = made(*args, **options)
        write = file.write

        def half(data):
            write(data[: len(data) // 2])
            raise OSError(number, os.strerror(number))

        file.write = half
        return file

    monkeypatch.setattr(machine.tempfile, "NamedTemporaryFile", full)
    machine.remember("ab12", b"code" * 1000)
    assert machine.recall("ab12") is None
    assert kept(cache) == []


def test_a_small_file_system_that_fills_up(tmp_path):
    place = tmp_path / "small"
    place.mkdir()
    mounted = ["mount", "-t", "tmpfs", "-o", "size=16k", "tmpfs", str(place)]
    try:
        subprocess.run(mounted, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("file systems cannot be mounted here")
    try:
        (place / "ballast").write_bytes(bytes(16 << 10))
        finished(started(place))
        assert [path.name for path in kept(place)] == ["ballast"]
    finally:
        subprocess.run(["umount", str(place)], check=True)


@pytest.mark.parametrize("identity", ["0.1 another-cpu +avx512f", ""])
def test_an_object_of_another_processor_is_not_found(cache, monkeypatch, identity):
    written = []
    monkeypatch.setattr(machine, "remember", lambda key, body: written.append(key))
    monkeypatch.setattr(machine, "recall", lambda key: None)
    text = "define double @kernel(double %scale) {\n  ret double 2.0\n}\n"
    assert machine.function(text, 0, 0)(1.0) == 2.0
    monkeypatch.setattr(machine.machine(), "identity", identity)
    assert machine.function(text, 0, 0)(1.0) == 2.0
    assert len(set(written)) == 2


def test_an_object_of_another_processor_under_our_name_is_not_run(cache):
    finished(started(cache))
    first, second, *_ = kept(cache)
    theirs = second.read_bytes()
    first.write_bytes(theirs)
    finished(started(cache))
    assert first.read_bytes() != theirs


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="the platform has another place")
def test_kernels_are_kept_where_users_expect_caches(tmp_path, monkeypatch):
    for name in ("LOSSFN_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    assert machine.folder() == tmp_path / ".cache/lossfn"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "caches"))
    assert machine.folder() == tmp_path / "caches/lossfn"
    monkeypatch.setenv("LOSSFN_CACHE", str(tmp_path / "kernels"))
    assert machine.folder() == tmp_path / "kernels"


@pytest.mark.skipif(os.name == "nt", reason="homes are found otherwise")
def test_a_home_that_cannot_be_written(tmp_path):
    for home in (tmp_path / "missing", "/proc", "/dev/null"):
        environment = {k: v for k, v in os.environ.items() if k not in ("LOSSFN_CACHE", "XDG_CACHE_HOME")}
        process = subprocess.Popen(
            [sys.executable, "-c", PROGRAM],
            env=environment | {"HOME": str(home)},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        finished(process)


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
