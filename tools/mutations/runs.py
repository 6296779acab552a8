"""Tests run against mutants: each in a fork of a process that has collected the tests, or imported libraries."""

from __future__ import annotations

import ast
import os
import resource
import shutil
import tempfile
import time
from functools import cache
from pathlib import Path

import llvmlite.binding  # noqa: F401  # this and the next: what tests import, once for all mutants
import ml_dtypes  # noqa: F401
import mpmath  # noqa: F401
import numpy  # noqa: F401
import pandas  # noqa: F401
import plant
import polars  # noqa: F401
import pytest

# What tells most mutants comes first.
TESTS = (
    "tests/cli/test_bench.py::test_every_loss_keeps_its_promise_at_the_frozen_points",
    "tests/semantics/test_peer_traps.py",
    "tests/semantics/test_values.py",
    "tests/semantics/test_curvatures.py",
    "tests/golden",
    "tests/semantics",
    "tests/accuracy/test_sums.py",
    "tests/accuracy/test_exact.py",
    "tests/accuracy/test_pointwise.py",
    "tests/accuracy/test_exhaustive.py",
    "tests/accuracy/test_bits.py",
    "tests/native/test_simplify.py",
    "tests/native/test_lowering.py",
    "tests/native/test_small_calls.py",
    "tests/native/test_contraction.py",
    "tests/native/test_pooling.py",
    "tests/native/test_random_formulas.py",
    "tests/native/test_cache.py::test_an_object_comes_back_as_it_was_kept",
    "tests/native/test_cache.py::test_a_damaged_object_is_not_used",
    "tests/native/test_cache.py::test_kernels_are_kept_where_users_expect_caches",
    "tests/native/test_processors.py::test_digits_that_a_product_loses_are_kept_without_fma",
    "tests/test_functions.py",
    "tests/with_sklearn/test_links.py",
    "tests/every_loss/test_laws.py",
)
LEFT_OUT = ("tests/semantics/test_any_arrays.py::test_any_arrays", "tests/accuracy/test_exact.py::test_a_sum_and")
LAWS = "tests/every_loss/test_laws.py"  # under default options, but for what has most of them
MANIFOLD = "CrossEntropy"
OPTIONS = ("-q", "-x", "-p", "no:cacheprovider", "-m", "not long and not slow and not peer")
# Parametrised tests run for these losses, or for those of a mutant's own file.
CHOSEN = {
    "Huber",
    "BinaryCrossEntropyWithLogits",
    "GaussianNLL",
    "CrossEntropy",
    "KLFromLogits",
    "NegativeLogLikelihood",
}
# These concern mutants of the kernels alone.
OF_KERNELS = tuple(f"tests/{name}" for name in ("accuracy/test_exhaustive", "accuracy/test_bits", "native/test_random"))
SECONDS = 900
KERNELS = Path("build/kernels").resolve()


def outcomes(root, mutants):
    """Yield each mutant and whether the tests kill it."""
    later, (read, write) = [], os.pipe()
    child = os.fork()
    if not child:
        os._exit(int(pytest.main([*OPTIONS, *TESTS], plugins=[Collected(root, mutants, write)])))
    os.close(write)
    with os.fdopen(read) as words:
        for mutant, word in zip(mutants, words, strict=False):
            later += [mutant] if word == "import\n" else []
            if word != "import\n":
                yield mutant, word == "killed\n"
    if os.waitpid(child, 0)[1]:
        raise SystemExit("tests fail without a mutant")
    for mutant in later:
        yield mutant, apart(lambda mutant=mutant: imported(root, mutant))


class Collected:
    """A plugin of pytest that runs what was collected once for every mutant."""

    def __init__(self, root, mutants, report):
        """Take the mutants and the file to write outcomes to."""
        self.root, self.mutants, self.report = root, mutants, report

    def pytest_runtestloop(self, session):
        """Try each mutant in a fork; without one the tests have to pass, which keeps their kernels."""
        if apart(lambda: self.tried(session, None), shared=True):
            os._exit(1)
        for mutant in self.mutants:
            os.write(self.report, f"{self.outcome(session, mutant)}\n".encode())
        return True

    def outcome(self, session, mutant):
        """Return "import" for a change that only an import would show."""
        if not apart(lambda: plant.in_functions(self.root, mutant)):
            return "import"
        return "killed" if apart(lambda: self.tried(session, mutant)) else "survived"

    def tried(self, session, mutant):
        """Run the tests here until one fails."""
        items = [item for item in session.items if concerns(item, mutant)]
        if mutant:
            plant.in_functions(self.root, mutant)
        for item, following in zip(items, [*items[1:], None], strict=True):
            item.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
            if session.testsfailed:
                return True
        return False


class Few:
    """A plugin of pytest that leaves out what does not concern a mutant."""

    def __init__(self, mutant):
        """Take the mutant."""
        self.mutant = mutant

    def pytest_collection_modifyitems(self, items):
        """Keep the rest."""
        items[:] = [item for item in items if concerns(item, self.mutant)]


def imported(root, mutant):
    """Run the tests in a process that has not imported lossfn yet."""
    plant.in_import(root, mutant)
    return pytest.main([*OPTIONS, *TESTS], plugins=[Few(mutant)]) != 0


@cache
def losses_of(mutant):
    """Return the names of the losses that a mutant's tests run for."""
    if mutant is None or "/losses/" not in mutant.path:
        return CHOSEN
    return {
        n.name for n in ast.parse(Path(mutant.path).read_text("utf-8")).body if isinstance(n, ast.ClassDef)
    } or CHOSEN


def concerns(item, mutant):
    """Tell whether a test is of no loss, or of one of these."""
    loss = getattr(item, "callspec", None) and item.callspec.params.get("loss")
    if item.nodeid.startswith(LEFT_OUT):
        return False
    if item.nodeid.startswith(LAWS) and loss != type(loss)() and type(loss).__name__ != MANIFOLD:
        return False
    if "test_pointwise" in item.nodeid and not (mutant and "/losses/" in mutant.path and "float32" in item.nodeid):
        return False
    if mutant and "/native/" not in mutant.path and item.nodeid.startswith(OF_KERNELS):
        return False
    return loss is None or isinstance(loss, str) or type(loss).__name__ in losses_of(mutant)


def apart(work, shared=False):
    """Do work in a fork, with a copy of the kept kernels or with themselves; tell whether it is true, or ends badly."""
    with tempfile.TemporaryDirectory() as folder:
        kernels = KERNELS if shared else f"{folder}/kernels"
        if not shared and KERNELS.exists():
            shutil.copytree(KERNELS, kernels, copy_function=os.link)
        child = os.fork()
        if not child:
            os.environ["LOSSFN_CACHE"] = str(kernels)
            nothing = os.open(os.devnull, os.O_WRONLY)
            os.dup2(nothing, 1), os.dup2(nothing, 2)
            resource.setrlimit(resource.RLIMIT_CPU, (SECONDS, SECONDS))
            os._exit(bool(work()))
        end = time.monotonic() + 20 * SECONDS  # for a process that waits, which takes no processor's time
        while (ended := os.waitpid(child, os.WNOHANG))[0] == 0:
            time.sleep(0.05)
            if time.monotonic() > end:
                os.kill(child, 9)
    return ended[1] != 0
