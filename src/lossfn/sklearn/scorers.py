"""Scorers: minus the mean of a loss over what a fitted estimator says."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator, is_classifier
from sklearn.utils.metadata_routing import UNUSED

from lossfn.core.answers import NUMBERS, kind, prediction, score
from lossfn.core.arrays import Array
from lossfn.core.errors import DomainError, OptionError, TargetError, say
from lossfn.core.scores import Scored
from lossfn.engines.reference import M
from lossfn.sklearn.labels import fitting, has_probabilities

EDGE = float(np.finfo(np.float64).eps)  # how near probabilities come to 0 and 1


class LossScorer(BaseEstimator):
    """What `Loss.scorer` returns; as part of scikit-learn's routing it can be sent weights."""

    __metadata_request__score: ClassVar[dict[str, str]] = {"estimator": UNUSED}

    def __init__(self, loss: Any) -> None:
        self.loss = loss

    def _accept_sample_weight(self) -> bool:
        # What searches ask that are fitted with weights.
        return True

    def __call__(self, estimator: Any, X: Any, y: Any, *, sample_weight: Any = None) -> float:
        """Return minus the mean loss of a fitted estimator."""
        return self.score(estimator, X, y, sample_weight)

    def score(self, estimator: Any, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Return minus the mean loss of a fitted estimator."""
        asked = _of_numbers if kind(self.loss) == "numbers" else _of_labels if is_classifier(estimator) else _of_shares
        loss, taken, target = asked(self.loss, estimator, X, y)
        return -float(loss(taken, target, sample_weight=sample_weight, reduction="mean"))


def _of_numbers(loss: Any, estimator: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    if is_classifier(estimator):
        raise OptionError(say("loss", expected="a loss of classes for a classifier", got=repr(loss)))
    if tuple(loss.predictions) == ("mean", "variance"):
        mean, deviation = estimator.predict(x, return_std=True)
        return loss, (mean, np.square(deviation)), y
    if len(loss.predictions) > 1:
        expected = "a loss of one prediction, or of a mean and a variance"
        raise OptionError(say("loss", expected=expected, got=repr(loss), cause="predict answers with one number a row"))
    answer = np.asarray(estimator.predict(x), np.float64)
    if loss.estimates in NUMBERS and not (answer > 0.0).all():
        fix, least = "an estimator whose predictions are means above 0", f"{answer.min():g}"
        raise DomainError(say("predict", expected=f"numbers above 0 for {loss!r}", got=least, fix=fix))
    return loss, prediction(M, loss, answer), y


def _of_shares(loss: Any, estimator: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    if kind(loss) == "classes" or not has_probabilities(loss):
        raise OptionError(say("loss", expected="a loss of numbers or of shares", got=repr(loss)))
    scored = Scored.of(loss)
    return scored, score(M, loss, _inside(estimator.predict(x)))[:, None], scored.truth(y)


def _of_labels(loss: Any, estimator: Any, x: Any, y: Any) -> tuple[Any, Any, Any]:
    classes = estimator.classes_
    scored = Scored.of(fitting(loss, len(classes)), len(classes))
    return scored, _scores(loss, estimator, x), scored.truth(_numbered(classes, np.asarray(y)))


def _scores(loss: Any, estimator: Any, x: Any) -> Array:
    if has_probabilities(loss) and hasattr(estimator, "predict_proba"):
        p = _inside(estimator.predict_proba(x))
        if kind(loss) != "classes":
            return np.asarray(score(M, loss, p[:, 1:]))
        return np.log(p) if p.shape[1] > 2 else np.diff(np.log(p))
    if not hasattr(estimator, "decision_function"):
        raise OptionError(say("estimator", expected=f"a decision_function for {loss!r}", got=repr(estimator)))
    found = np.asarray(estimator.decision_function(x))
    return found[:, None] if found.ndim == 1 else found


def _inside(p: Any) -> Array:
    return np.asarray(np.clip(p, EDGE, 1.0 - EDGE))


def _numbered(classes: Array, y: Array) -> Array:
    place = np.minimum(np.searchsorted(classes, y), len(classes) - 1)
    strange = classes[place] != y
    if strange.any():
        got = f"{y[np.argmax(strange)].item()!r} in row {np.argmax(strange)}"
        raise TargetError(say("y", expected=f"one of the classes {classes.tolist()}", got=got))
    return np.asarray(place)
