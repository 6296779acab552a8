"""Code for other processors than this one: the same results within the promise, and code for wider ones compiles."""

import os
import platform
import subprocess
import sys

import ml_dtypes
import numpy as np
import pytest

import lossfn as lf
from accuracy.operations import check
from lossfn.engines.native import elements, labelled, machine
from semantics.samples import LOSSES, answers, sample

pytestmark = pytest.mark.skipif(platform.machine() not in ("x86_64", "AMD64"), reason="x86's levels")
DTYPES = {"float64": np.float64, "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16}
PROGRAM = "import sys; from native import test_processors as t; t.write(sys.argv[1])"
# Two results within a tier of the truth lie within twice the tier of each other.
ULPS = {"float64": 8, "float32": 2, "float16": 2, "bfloat16": 2}


def results():
    """Terms and slopes of every loss in every format, as float64; a format is named first."""
    rng = np.random.default_rng(5)
    for loss in LOSSES:
        for name, dtype in DTYPES.items():
            found = answers(loss, *sample(loss, rng, (50,), dtype))
            for place, array in enumerate(found):
                yield f"{name} {type(loss).__name__} {place}", np.asarray(array, np.float64)


def write(path):
    np.savez(path, **dict(results()))


def compiled_for(level, tmp_path):
    """What a process computes whose kernels are made for a level of x86."""
    path = tmp_path / "found.npz"
    environment = os.environ | {"LOSSFN_CPU": level, "PYTHONPATH": os.pathsep.join(sys.path)}
    subprocess.run([sys.executable, "-c", PROGRAM, path], check=True, env=environment, timeout=120)
    return np.load(path)


@pytest.mark.parametrize("level", ["x86-64", "x86-64-v3"])
def test_processors_agree_within_the_promise(tmp_path, level):
    if level == "x86-64-v3" and not machine.machine().fma:
        pytest.skip("this processor is older")
    found = compiled_for(level, tmp_path)
    for key, here in results():
        name = key.split()[0]
        tolerance = ULPS[name] * float(ml_dtypes.finfo(DTYPES[name]).eps)
        largest = abs(here[np.isfinite(here)]).max()
        np.testing.assert_allclose(found[key], here, rtol=tolerance, atol=0.1 * tolerance * largest, err_msg=key)


@pytest.mark.parametrize("name", ["welsch", "generalized_cross_entropy"])
def test_digits_that_a_product_loses_are_kept_without_fma(monkeypatch, name):
    monkeypatch.setenv("LOSSFN_CPU", "x86-64")
    old = machine._Machine()
    monkeypatch.setattr(machine, "machine", lambda: old)
    for template in (elements, labelled):
        monkeypatch.setattr(template, "kernel", template.kernel.__wrapped__)
    loss = lf.get(name, reduction="none")
    check(name, loss, "float64", loss.value_and_grad, exceptions={})


def texts(monkeypatch):
    """The modules of two kernels, as they are handed to the compiler for the processor in force."""
    seen = []
    monkeypatch.setattr(machine, "recall", lambda key: None)
    monkeypatch.setattr(machine, "remember", lambda key, code: None)
    monkeypatch.setattr(elements, "kernel", elements.kernel.__wrapped__)
    compiled = machine.machine().compile
    monkeypatch.setattr(machine.machine(), "compile", lambda text: seen.append(text) or compiled(text))
    x = np.linspace(-3, 3, 40)
    lf.LogCosh(reduction="sum").value_and_grad(x, 0 * x, sample_weight=abs(x))
    lf.BinaryFocal(reduction="sum").value_and_grad(x, 0 * x, sample_weight=abs(x))
    return seen


@pytest.mark.parametrize(("level", "register"), [("x86-64", "xmm"), ("x86-64-v3", "ymm"), ("x86-64-v4", "ymm")])
def test_code_for_a_level_compiles_and_uses_its_registers(monkeypatch, level, register):
    modules = texts(monkeypatch)
    monkeypatch.setenv("LOSSFN_CPU", level)
    other = machine._Machine()
    assert other.identity != machine.machine().identity
    assert len(modules) == 2
    for text in modules:
        assert len(other.compile(text)) > 1000
        written = other.target.emit_assembly(machine.llvm.parse_assembly(text))
        assert register in written
        assert ("ymm" in written) == (level != "x86-64")
        assert ("zmm" in written or "%k1" in written) == (level == "x86-64-v4")


def test_a_processor_without_float16_is_known(monkeypatch):
    monkeypatch.setenv("LOSSFN_CPU", "x86-64")
    old = machine._Machine()
    monkeypatch.setenv("LOSSFN_CPU", "x86-64-v3")
    new = machine._Machine()
    assert (old.fma, old.halves, new.fma, new.halves) == (False, False, True, True)
