"""Losses an engine can train under, scores and labels for each, and a data set as both engines show it."""

from types import SimpleNamespace

import numpy as np

from every_loss.variants import variants
from lossfn.core.domain import REAL
from lossfn.core.kinds import Distribution, Pointwise

CLASSES = 3


def trainable(loss):
    """Whether a loss has something to learn and reads one label a row."""
    tables = any(np.ndim(v) for v in loss.settings().values()) and isinstance(loss, Pointwise)
    learns = not loss.estimates.startswith("nothing") and "-1.0 *" not in repr(loss)
    return loss.differentiable and learns and not tables and not isinstance(loss, Distribution)


LOSSES = [loss for loss in variants() if trainable(loss)]


def outputs(loss):
    """How many scores a row has."""
    return len(loss.predictions) if isinstance(loss, Pointwise) else CLASSES


def drawn(loss, rng, rows=64):
    """Scores of shape (rows,) or (rows, outputs) as float32, labels as float32."""
    scores = rng.normal(0, 1, (rows, outputs(loss)))
    if isinstance(loss, Pointwise):
        labels = loss.domains().get("target", REAL).sample(rng, (rows,))
    else:
        labels = rng.integers(0, CLASSES, rows)
    return np.float32(scores if scores.shape[1] > 1 else scores[:, 0]), np.float32(labels)


def dataset(labels, weights=None):
    """What an objective sees of a DMatrix or a Dataset."""
    weights = np.zeros(0, np.float32) if weights is None else np.float32(weights)
    return SimpleNamespace(get_label=lambda: labels, get_weight=lambda: weights)
