"""Gradient and hessian per element against scikit-learn's private kernels, in float64."""

from __future__ import annotations

from typing import Any

import numpy as np
from contest import Contest, Side, measure
from figure import Figure, at_least
from timing import Budget

import lossfn as lf

BOUNDS = {"binomial, 1000000": 3, "multinomial, 100000 × 10": 4}


def grad_and_hess(name: str, budget: Budget) -> list[Figure]:
    """Measure what a step of boosting asks for."""
    return measure(contest(name, *(binomial() if name.startswith("binomial") else multinomial())), budget)


def binomial() -> tuple[Any, ...]:
    """Return two classes: our loss, theirs, raw predictions and labels."""
    from sklearn._loss.loss import HalfBinomialLoss

    rng = np.random.default_rng(0)
    raw, y = 2 * rng.standard_normal(1_000_000), rng.integers(0, 2, 1_000_000)
    return lf.BinaryCrossEntropyWithLogits(), HalfBinomialLoss(), raw, y.astype(float)


def multinomial() -> tuple[Any, ...]:
    """Return ten classes: our loss, theirs, raw predictions and labels."""
    from sklearn._loss.loss import HalfMultinomialLoss

    rng = np.random.default_rng(0)
    raw, y = 2 * rng.standard_normal((100_000, 10)), rng.integers(0, 10, 100_000)
    return lf.CrossEntropy(), HalfMultinomialLoss(n_classes=10), raw, y


def contest(name: str, loss: lf.Loss, theirs: Any, raw: np.ndarray, y: np.ndarray) -> Contest:
    """Set ours against theirs; ours has no `out=` here, so malloc recycles its arrays."""

    def ours() -> tuple[np.ndarray, np.ndarray]:
        return loss.grad_and_hess(raw, y)

    labels, gradient, hessian = y.astype(float), np.empty_like(raw), np.empty_like(raw)
    peer = Side(
        lambda: theirs.gradient_hessian(labels, raw),
        lambda: theirs.gradient_hessian(labels, raw, gradient_out=gradient, hessian_out=hessian),
        tuple,
    )
    bound = at_least(BOUNDS[name])
    bounds = {"scikit-learn fresh": bound, "scikit-learn recycled": bound}
    return Contest(name, Side(ours, ours, tuple), {"scikit-learn": peer}, bounds, tolerance=1e-10)
