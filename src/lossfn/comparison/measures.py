"""What a fitted model costs by a loss it need not have been trained under."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from lossfn.core.answers import kind, prediction, probability, score
from lossfn.core.arrays import Array
from lossfn.core.errors import DomainError
from lossfn.core.loss import Loss
from lossfn.core.scores import Scored
from lossfn.engines.reference import M


def cost(loss: Any, model: Any, trained: Loss, x: Array, y: Array) -> float:
    """Return the mean loss of a model's answers; NaN where its answers mean nothing to the loss.

    Numbers are what `predict` returns: the mean, quantile or other number that the loss it was trained under
    estimates. Of classes the probabilities are measured, or the scores where the loss gives none.
    """
    with np.errstate(all="ignore"):
        if kind(loss) != "numbers":
            return _of_classes(loss, model, trained, x, y)
        try:
            return _of_numbers(loss, model, trained, x, y)
        except DomainError:
            return math.nan


def _of_numbers(loss: Any, model: Any, trained: Loss, x: Array, y: Array) -> float:
    if len(loss.predictions) == 1:
        return float(loss(prediction(M, loss, np.asarray(model.predict(x), np.float64)), y, reduction="mean"))
    if loss != trained or tuple(loss.predictions) != ("mean", "variance"):
        return math.nan
    mean, deviation = model.predict(x, return_std=True)
    return float(loss((mean, deviation**2), y, reduction="mean"))


def _of_classes(loss: Any, model: Any, trained: Loss, x: Array, y: Array) -> float:
    scored = Scored.of(loss, int(y.max()) + 1)
    return float(scored(_scores(loss, model, trained, x), scored.truth(y)))


def _scores(loss: Any, model: Any, trained: Loss, x: Array) -> Array:
    if kind(trained) != "classes" and probability(trained) is None:
        raw = np.asarray(model.decision_function(x), np.float64)
        return raw[:, None] if raw.ndim == 1 else raw
    p = np.asarray(model.predict_proba(x), np.float64)
    if p.shape[1] > 2:
        return np.log(p)
    found = score(M, loss, p[:, 1]) if kind(loss) == "two classes" else np.log(p[:, 1]) - np.log(p[:, 0])
    return np.asarray(found)[:, None]
