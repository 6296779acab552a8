"""How much memory value and gradient take at their peak, as a share of the gradient (Linux)."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
from figure import Figure, at_most
from timing import Budget

import lossfn as lf

STATUS, CLEAR = Path("/proc/self/status"), Path("/proc/self/clear_refs")
WORKS = {
    "squared, 10000000": (lf.SquaredError(), (10_000_000,)),
    "BCE with logits, 10000000": (lf.BinaryCrossEntropyWithLogits(), (10_000_000,)),
    "cross-entropy, 1000000 × 10": (lf.CrossEntropy(), (1_000_000, 10)),
    "cross-entropy, 8000 × 1000": (lf.CrossEntropy(), (8_000, 1_000)),
}


def peak(name: str, _budget: Budget) -> list[Figure]:
    """Measure what a call adds to the memory of its process, with `out=` and without."""
    if not STATUS.exists():
        return []
    loss, shape = WORKS[name]
    x, t = inputs(shape)
    out = np.ones_like(x)
    loss.value_and_grad(x[:20_000], t[:20_000])
    given = growth(lambda: loss.value_and_grad(x, t, out=out)) / x.nbytes
    fresh = growth(lambda: loss.value_and_grad(x, t)) / x.nbytes
    unit = "gradients"
    return [
        Figure(name, "out given", given, unit, at_most(0.02)),
        Figure(name, "out not given", fresh, unit, at_most(1.02)),
    ]


def inputs(shape: tuple[int, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions, and labels of classes or zeros and ones."""
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, np.float32)
    if len(shape) > 1:
        return x, rng.integers(0, shape[1], shape[0])
    return x, rng.integers(0, 2, shape).astype(np.float32)


def growth(call: Callable[[], Any]) -> int:
    """Return by how many bytes the peak during a call lies above the memory before it."""
    CLEAR.write_text("5")  # the kernel forgets the peak so far
    before = status("VmRSS")
    result = call()
    grown = status("VmHWM") - before
    del result
    return max(grown, 0)


def status(key: str) -> int:
    """Return a number of bytes the kernel knows of this process."""
    line = next(line for line in STATUS.read_text().splitlines() if line.startswith(key))
    return 1024 * int(line.split()[1])
