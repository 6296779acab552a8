"""Cross-entropy of class labels against PyTorch and against JAX under jit."""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import numpy as np
from contest import Contest, Side, measure
from figure import Figure, at_least
from timing import Budget

import lossfn as lf


class Work(NamedTuple):
    """Rows, classes, and how many times faster than torch with fresh and with recycled memory."""

    rows: int
    classes: int
    fresh: float
    recycled: float


WORKS = {
    "1000000 × 10": Work(1_000_000, 10, 18, 15),
    "65536 × 50": Work(65_536, 50, 3, 3),
    "8000 × 1000": Work(8_000, 1_000, 1.5, 1.5),
    "256 × 128256": Work(256, 128_256, 3, 1.8),
}


def cross_entropy(name: str, budget: Budget) -> list[Figure]:
    """Measure value and gradient of the mean in float32."""
    return measure(contest(name), budget)


def contest(name: str) -> Contest:
    """Set ours against torch and JAX."""
    import compiled
    import eager
    from torch.nn.functional import cross_entropy

    work = WORKS[name]
    rng = np.random.default_rng(0)
    x = 2 * rng.standard_normal((work.rows, work.classes), np.float32)
    t = rng.integers(0, work.classes, work.rows)
    call, out = lf.CrossEntropy().value_and_grad, np.empty_like(x)
    ours = Side(lambda: call(x, t), lambda: call(x, t, out=out), tuple)
    peers = {"torch": eager.side(cross_entropy, x, t), "JAX": compiled.side(x, t)}
    bounds = {
        "torch fresh": at_least(work.fresh),
        "torch recycled": at_least(work.recycled),
        "JAX fresh": at_least(1),
        "JAX recycled": at_least(1),
    }
    return Contest(name, ours, peers, bounds, partial(np.copyto, out, x))
