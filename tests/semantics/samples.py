"""Every registered loss, and legal arguments for each."""

from __future__ import annotations

import numpy as np

import lossfn.losses  # noqa: F401  # fills the registry
from lossfn.core.domain import REAL
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.registry import REGISTRY
from lossfn.functions import log_softmax, softmax

LOSSES = [REGISTRY[name]() for name in sorted(REGISTRY)]
POINTWISE = [loss for loss in LOSSES if isinstance(loss, Pointwise)]
ROWS = [loss for loss in LOSSES if isinstance(loss, Row)]
DISTRIBUTIONS = [loss for loss in LOSSES if isinstance(loss, Distribution)]
OVER_CLASSES = ROWS + DISTRIBUTIONS
SMOOTH = [loss for loss in LOSSES if loss.differentiable]
ONE_PREDICTION = [loss for loss in SMOOTH if len(loss.predictions) == 1]
N, K = 6, 4


def name(loss):
    """What a test is called by."""
    return type(loss).__name__


def sample(loss, rng, shape=(N,), dtype=np.float64, classes=K):
    """Prediction (a tuple where there are several) and target, terms having `shape`."""
    if isinstance(loss, Pointwise):
        domains = loss.domains()
        drawn = [domains.get(part, REAL).sample(rng, shape).astype(dtype) for part in loss.inputs]
        return joined(drawn[:-1]), drawn[-1]
    scores = rng.normal(0, 2, (*shape, classes))
    if loss.takes == "log_probs":
        scores = log_softmax(scores)
    if isinstance(loss, Row):
        return scores.astype(dtype), rng.integers(0, classes, shape)
    target = softmax(rng.normal(0, 1, (*shape, classes)))
    return scores.astype(dtype), target.astype(dtype)


def parts(prediction):
    """The arrays of a prediction, or of its gradient."""
    return list(prediction) if isinstance(prediction, tuple) else [prediction]


def joined(arrays):
    """What `parts` took apart."""
    return tuple(arrays) if len(arrays) > 1 else arrays[0]


def each(change, prediction):
    """Change every array of a prediction."""
    return joined([change(array) for array in parts(prediction)])


def answers(loss, prediction, target, **options):
    """Terms and gradients, or terms alone where the loss has no slope."""
    if not loss.differentiable:
        return [loss(prediction, target, reduction="none", **options)]
    terms, gradient = loss.value_and_grad(prediction, target, reduction="none", **options)
    return [terms, *parts(gradient)]
