"""Class labels, scores and probabilities: what every classifier does with them."""

from __future__ import annotations

from typing import Any

import numpy as np
from sklearn.utils import compute_sample_weight
from sklearn.utils.multiclass import check_classification_targets

from lossfn.core.answers import kind, probability
from lossfn.core.arrays import Array
from lossfn.core.errors import OptionError, say


def encoded(y: Any, weight: Array | None, class_weight: Any) -> tuple[Array, Array, Array | None]:
    """Return the classes, each row's class number, and sample_weight times class_weight."""
    check_classification_targets(y)
    classes, labels = np.unique(y, return_inverse=True)
    if weight is not None:
        _need_two(np.unique(labels[weight > 0.0]), "rows with a weight")
    _need_two(classes, "y")
    if class_weight is not None:
        of_class = compute_sample_weight(class_weight, y)
        if isinstance(class_weight, str) and weight is not None:
            # "balanced": each class has the same share of the total weight.
            totals = np.bincount(labels, weight, len(classes))
            of_class = (weight.sum() / (np.count_nonzero(totals) * totals))[labels]
        weight = of_class if weight is None else weight * of_class
    return classes, labels, weight


def _need_two(classes: Array, where: str) -> None:
    if len(classes) < 2:
        raise ValueError(say("y", expected=f"two or more classes in {where}", got=f"one class, {classes[0]!r}"))


def fitting(loss: Any, classes: int) -> Any:
    """Return the loss if so many classes can be told apart under it."""
    what = kind(loss)
    if what == "classes" or (what == "two classes" and classes == 2):
        return loss
    if what == "numbers":
        fix = f"LossRegressor({loss!r})"
        raise OptionError(say("loss", expected="a loss of classes", got=f"{loss!r}, of numbers", fix=fix))
    fix = f"OneVsRestClassifier(LossClassifier({loss!r})), or CrossEntropy()"
    cause = "Only binary classification is supported."  # in scikit-learn's words
    raise OptionError(say("y", expected="two classes, as the loss has", got=f"{classes} classes", cause=cause, fix=fix))


def has_probabilities(loss: Any) -> bool:
    """Whether a score under this loss stands for a probability."""
    return kind(loss) == "classes" or probability(loss) is not None


def decided(classes: Array, scores: Array) -> Array:
    """Return the class with the highest score; the second of two where its score is above 0."""
    return np.asarray(classes[np.argmax(scores, axis=1) if scores.ndim == 2 else np.asarray(scores > 0.0, np.intp)])
