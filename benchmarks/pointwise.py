"""Losses of single elements: value and gradient of the mean, for many elements and for few."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np
from contest import Contest, Side, measure
from figure import Bound, Figure, at_least, at_most
from timing import Budget

import lossfn as lf


class Work(NamedTuple):
    """A loss, whether its targets are labels, and its bounds where there are many elements."""

    loss: lf.Loss
    labels: bool
    bounds: dict[str, Bound]


CHEAP = {"torch fresh": at_least(8), "torch recycled": at_least(3), "copies": at_most(2)}
COSTLY = {"torch fresh": at_least(6), "torch recycled": at_least(2.5), "copies": at_most(6)}
CALL = {
    "torch fresh": at_least(6),
    "torch recycled": at_least(6),
    "lossfn fresh": at_most(7),
    "lossfn recycled": at_most(7),
}
WORKS = {
    "squared": Work(lf.SquaredError(), False, CHEAP),
    "absolute": Work(lf.AbsoluteError(), False, CHEAP),
    "Huber": Work(lf.Huber(), False, CHEAP),
    "quantile": Work(lf.Quantile(q=0.9), False, CHEAP),
    "BCE with logits": Work(lf.BinaryCrossEntropyWithLogits(), True, COSTLY),
    "focal": Work(lf.BinaryFocal(gamma=2.0, alpha=0.25), True, COSTLY),
    "log-cosh": Work(lf.LogCosh(), False, COSTLY),
}


def many(name: str, budget: Budget) -> list[Figure]:
    """Measure where memory decides, beside a copy of the array."""
    work = WORKS[name]
    x, t = inputs(work, 10_000_000)
    out = np.empty_like(x)
    return measure(contest(name, x, t, work.bounds, partial(np.copyto, out, x)), budget)


def few(name: str, budget: Budget) -> list[Figure]:
    """Measure where the call itself decides."""
    x, t = inputs(WORKS[name], 1_000)
    return measure(replace(contest(name, x, t, CALL), unit=1e-6, turn=20), budget)


def inputs(work: Work, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return predictions and targets."""
    rng = np.random.default_rng(0)
    x = 2 * rng.standard_normal(size, np.float32)
    t = rng.integers(0, 2, size).astype(np.float32) if work.labels else rng.standard_normal(size, np.float32)
    return x, t


def contest(
    name: str, x: np.ndarray, t: np.ndarray, bounds: dict[str, Bound], copy: Callable[[], None] | None = None
) -> Contest:
    """Set ours against torch."""
    import eager

    call, out = WORKS[name].loss.value_and_grad, np.empty_like(x)
    ours = Side(lambda: call(x, t), lambda: call(x, t, out=out), tuple)
    return Contest(name, ours, {"torch": eager.side(eager.LOSSES[name], x, t)}, bounds, copy)
