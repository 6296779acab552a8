"""Batches drawn from the domains of a loss: ordinary terms, closed ends, perfect fits."""

from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.domain import REAL
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.explanation.laws.case import Case
from lossfn.shapes.distribution import log_softmax

ROWS = 48
CLASSES = 5
# Logits are multiples of this, so that adding 2^20 to them loses nothing.
GRAIN = 2.0**-20


def draw(loss: Loss, seed: int = 0) -> Case:
    """Draw a batch to try a loss on: a few classes, or as many as a hyperparameter has entries for."""
    rng = np.random.default_rng(seed)
    width = max((v.size for v in loss.settings().values() if np.ndim(v)), default=0)
    wide = width or CLASSES
    return _pointwise(loss, rng, width or 1) if isinstance(loss, Pointwise) else _over_classes(loss, rng, wide)


def draw_wide(loss: Loss, classes: int) -> Case:
    """Draw rows of many classes; hyperparameters with an entry for each are repeated."""
    tables = {spec.name: getattr(loss, spec.name) for spec in fields(loss) if spec.metadata.get("array")}
    many: dict[str, Any] = {name: np.resize(v, classes) for name, v in tables.items() if np.ndim(v)}
    return _over_classes(replace(loss, **many), np.random.default_rng(5), classes)


def _pointwise(loss: Pointwise, rng: np.random.Generator, columns: int) -> Case:
    known, terms = loss.domains(), -(-ROWS // columns) * columns
    points = np.stack([known.get(name, REAL).sample(rng, (terms,)) for name in loss.predictions])
    target = known.get("target", REAL).sample(rng, (1, terms))
    domain: Any = known.get(loss.predictions[0], REAL)
    fits = (np.arange(terms) % 8 == 7) & [t in domain for t in target[0]]
    points[0] = np.where(fits, target[0], points[0])
    return Case(loss, points, target, columns)


def _over_classes(loss: Any, rng: np.random.Generator, classes: int) -> Case:
    scores = rng.normal(0, 3, (ROWS, classes))
    scores[::3] /= 8
    scores = np.round(scores / GRAIN) * GRAIN
    points = (log_softmax(scores) if loss.takes == "log_probs" else scores).T
    return Case(loss, points, _labels(loss, rng, points) if isinstance(loss, Row) else _shares(loss, rng, points))


def _labels(loss: Row, rng: np.random.Generator, points: Array) -> Array:
    labels = rng.integers(0, len(points), (1, ROWS))
    if loss.ignore_index is not None:
        labels[:, [3, 11, 30]] = loss.ignore_index
    return labels


def _shares(loss: Loss, rng: np.random.Generator, points: Array) -> Array:
    shares = rng.dirichlet(np.ones(len(points)), ROWS)
    if loss.domains().get("target", REAL) == REAL:
        return np.log(shares).T
    shares[::6] = np.eye(len(points))[rng.integers(0, len(points), ROWS // 6)]
    return np.array(shares.T)
