"""Losses on tensors, forward and backward: ours, torch's, and torch's compiled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import footprint
import numpy as np
from contest import Contest, measure
from figure import Bound, Figure, at_least, at_most
from timing import Budget

import lossfn as lf

Inputs = tuple[np.ndarray, np.ndarray]


def elements(size: int) -> Inputs:
    """Return predictions and real targets."""
    rng = np.random.default_rng(0)
    return 2 * rng.standard_normal(size, np.float32), rng.standard_normal(size, np.float32)


def labelled(size: int) -> Inputs:
    """Return logits and labels 0 and 1."""
    rng = np.random.default_rng(0)
    return 2 * rng.standard_normal(size, np.float32), rng.integers(0, 2, size).astype(np.float32)


def distributions(size: int) -> Inputs:
    """Return log-probabilities of ten classes, and probabilities."""
    rng = np.random.default_rng(0)
    scores = rng.standard_normal((2, size // 10, 10), np.float32)
    log_q = scores - np.log(np.exp(scores).sum(-1, keepdims=True))
    return log_q[0], np.exp(log_q[1])


def rows(count: int, classes: int) -> Inputs:
    """Return logits and class labels."""
    rng = np.random.default_rng(0)
    return 2 * rng.standard_normal((count, classes), np.float32), rng.integers(0, classes, count)


class Work(NamedTuple):
    """A function of torch's by name, or a loss torch has not; and how inputs of a size are drawn."""

    name: str
    draw: Callable[[int], Inputs]
    loss: lf.Loss | None = None


MANY = {
    "squared": Work("mse_loss", elements),
    "Huber": Work("huber_loss", elements),
    "BCE with logits": Work("binary_cross_entropy_with_logits", labelled),
    "KL": Work("kl_div", distributions),
}
FEW = {
    **MANY,
    "cross-entropy, 100 × 10": Work("cross_entropy", lambda size: rows(size // 10, 10)),
    "quantile": Work("quantile", elements, lf.Quantile(q=0.9)),
    "focal": Work("focal", labelled, lf.BinaryFocal(gamma=2.0, alpha=0.25)),
    "log-cosh": Work("log-cosh", elements, lf.LogCosh()),
}
CLASSES = {"1000000 × 10": (1_000_000, 10, 10.0), "256 × 128256": (256, 128_256, 2.0)}


def many(name: str, budget: Budget) -> list[Figure]:
    """Measure where memory decides."""
    bounds = {"torch fresh": at_least(4), "torch recycled": at_least(2)}
    return measure(contest(name, *sides(MANY[name]), MANY[name].draw(10_000_000), bounds), budget)


def few(name: str, budget: Budget) -> list[Figure]:
    """Measure where the call itself decides: at most twice torch's own time, less than a composed loss's."""
    work = FEW[name]
    least = at_least(0.5 if work.loss is None else 1)
    bounds = {"torch fresh": least, "torch recycled": least}
    return measure(replace(contest(name, *sides(work), work.draw(1_000), bounds), unit=1e-6, turn=20), budget)


def classes(name: str, budget: Budget) -> list[Figure]:
    """Measure the cross-entropy of labels."""
    count, columns, least = CLASSES[name]
    bounds = {"torch fresh": at_least(least), "torch recycled": at_least(least)}
    return measure(contest(name, *sides(Work("cross_entropy", labelled)), rows(count, columns), bounds), budget)


def sides(work: Work) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return our function and torch's."""
    import eager
    from torch.nn import functional as theirs

    from lossfn.torch import functional as ours

    if work.loss is not None:
        return work.loss, eager.LOSSES[work.name]
    options = {"reduction": "batchmean"} if work.name == "kl_div" else {}
    return partial(getattr(ours, work.name), **options), partial(getattr(theirs, work.name), **options)


def contest(
    name: str, ours: Callable[..., Any], theirs: Callable[..., Any], given: Inputs, bounds: dict[str, Bound]
) -> Contest:
    """Set ours against torch eager and compiled, one thread each."""
    import eager
    import torch

    compiled = torch.compile(theirs, fullgraph=True)
    peers = {"torch": eager.side(theirs, *given), "torch.compile": eager.side(compiled, *given)}
    return Contest(name, eager.side(ours, *given), peers, bounds, tolerance=2e-4)


def memory(name: str, _budget: Budget) -> list[Figure]:
    """Measure what forward and backward add to the memory of a process, the gradient included."""
    if not footprint.STATUS.exists():
        return []
    count, columns, _ = CLASSES[name]
    logits, labels = rows(count, columns)
    ours, theirs = sides(Work("cross_entropy", labelled))
    bound = {"lossfn": at_most(1.02)}
    return [
        Figure(name, side, growth(function, logits, labels), "logits", bound.get(side))
        for side, function in (("lossfn", ours), ("torch", theirs))
    ]


def growth(loss: Callable[..., Any], logits: np.ndarray, labels: np.ndarray) -> float:
    """Return the growth at the peak in units of the logits; a small call before it compiles and imports."""
    import torch

    loss(torch.from_numpy(logits[:2]).requires_grad_(), torch.from_numpy(labels[:2])).backward()
    x, t = torch.from_numpy(logits).requires_grad_(), torch.from_numpy(labels)
    return footprint.growth(lambda: loss(x, t).backward()) / logits.nbytes
