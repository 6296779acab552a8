"""What the first call of a process costs, each in processes of their own."""

from __future__ import annotations

import os
import statistics
import subprocess
import sys
import tempfile

from figure import Bound, Figure, at_most
from timing import FULL, Budget

IMPORT = """
import time, numpy
start = time.process_time()
{statement}
print(time.process_time() - start)
"""
KERNEL = """
import time, numpy as np, llvmlite.ir, llvmlite.binding, lossfn as lf
loss, x = lf.{loss}, np.zeros({shape}, np.float32)
t = np.zeros(x.shape[:1], np.{target})
start = time.process_time()
loss.value_and_grad(x, t)
print(time.process_time() - start)
"""
WORKS = {
    "import lossfn": IMPORT.format(statement="import lossfn"),
    "from lossfn import Huber": IMPORT.format(statement="from lossfn import Huber"),
    "squared": KERNEL.format(loss="SquaredError()", shape=1000, target="float32"),
    "BCE with logits": KERNEL.format(loss="BinaryCrossEntropyWithLogits()", shape=1000, target="float32"),
    "cross-entropy, 1000 × 10": KERNEL.format(loss="CrossEntropy()", shape=(1000, 10), target="int64"),
    "cross-entropy, 1000 × 1000": KERNEL.format(loss="CrossEntropy()", shape=(1000, 1000), target="int64"),
}


def cold(name: str, budget: Budget) -> list[Figure]:
    """Measure an import, or a kernel that is compiled and then one that lies on disk."""
    with tempfile.TemporaryDirectory() as bytecode:
        _pair(WORKS[name], bytecode)  # Python compiles the sources, as an installer does
        pairs = [_pair(WORKS[name], bytecode) for _ in range(9 if budget == FULL else 3)]
    first, second = (1e3 * statistics.median(column) for column in zip(*pairs, strict=True))
    if "import" in name:
        return [_figure(name, "import", second, at_most(50))]
    return [_figure(name, "first", first, at_most(100)), _figure(name, "from disk", second, at_most(20))]


def _pair(code: str, bytecode: str) -> list[float]:
    """Run the code in two processes, one after the other, that share a cache of kernels."""
    with tempfile.TemporaryDirectory() as cache:
        folders = {"LOSSFN_CACHE": cache, "PYTHONPYCACHEPREFIX": bytecode, "PYTHONDONTWRITEBYTECODE": ""}
        environment = {**os.environ, **folders}
        command = [sys.executable, "-c", code]
        return [
            float(subprocess.run(command, env=environment, check=True, capture_output=True, text=True).stdout)
            for _ in range(2)
        ]


def _figure(name: str, column: str, measured: float, bound: Bound) -> Figure:
    return Figure(name, column, measured, "ms", bound)
