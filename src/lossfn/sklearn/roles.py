"""What every regressor and every classifier does around its own fit: the check of the loss, the answers."""

from __future__ import annotations

from contextlib import suppress
from typing import Any, Self

import numpy as np
from sklearn.base import ClassifierMixin, RegressorMixin, _fit_context
from sklearn.utils.metaestimators import available_if

from lossfn.core.answers import kind, number
from lossfn.core.arrays import Array
from lossfn.core.domain import Choice
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Pointwise
from lossfn.engines.reference import M
from lossfn.nn.assignment import deviation, probabilities
from lossfn.sklearn.inputs import checked
from lossfn.sklearn.labels import decided, encoded, fitting, has_probabilities
from lossfn.sklearn.losses import built


class Regressor(RegressorMixin):
    """Answers with what a pointwise loss estimates."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to X of shape (n, n_features) and y of shape (n,)."""
        loss = of_numbers(self.loss)
        x, y, weight = checked(self, X, y, sample_weight, y_numeric=True, **self._taken)
        self._loss = loss
        self._fit(x, y, weight, loss)
        return self

    def predict(self, X: Any, return_std: bool = False) -> Any:
        """Return what the loss estimates, of shape (n,); with `return_std` the deviation under `GaussianNLL`, too."""
        scores = self._scores(X)
        answer = np.asarray(number(M, self._loss, *scores.T))
        return (answer, deviation(self._loss, scores)) if return_std else answer

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        with suppress(OptionError):
            domain = of_numbers(self.loss).domains().get("target")
            tags.target_tags.positive_only = getattr(domain, "low", -np.inf) >= 0.0
        return tags


def _reads(model: Any) -> bool:
    return has_probabilities(model._loss if hasattr(model, "_loss") else built(model.loss))


class Classifier(ClassifierMixin):
    """Answers with a label, and with probabilities where the loss has them."""

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Self:
        """Fit to X of shape (n, n_features) and labels y of shape (n,)."""
        loss = built(self.loss)
        x, y, weight = checked(self, X, y, sample_weight, **self._taken)
        self.classes_, labels, weight = encoded(y, weight, self.class_weight)
        self._loss = fitting(loss, len(self.classes_))
        self._fit(x, labels, weight, loss, len(self.classes_))
        return self

    def decision_function(self, X: Any) -> Array:
        """Return the scores: of the second class, shape (n,), or of each, (n, n_classes)."""
        scores: Array = self._scores(X)
        return scores[:, 0] if len(self.classes_) == 2 else scores

    def predict(self, X: Any) -> Any:
        """Return the label with the highest score."""
        scores = self.decision_function(X)
        return decided(self.classes_, scores)

    @available_if(_reads)
    def predict_proba(self, X: Any) -> Array:
        """Return the probabilities of the classes, shape (n, n_classes)."""
        scores = self.decision_function(X)
        return probabilities(self._loss, scores)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        with suppress(OptionError):
            tags.classifier_tags.multi_class = kind(built(self.loss)) != "two classes"
        return tags


def of_numbers(loss: Any) -> Any:
    """Return the loss if a regression can be fitted with it."""
    found = built(loss)
    if isinstance(found, Pointwise) and not isinstance(found.domains().get("target"), Choice):
        return found
    fix = f"LossClassifier({found!r})"
    raise OptionError(say("loss", expected="a loss of numbers", got=f"{type(found).__name__}, of classes", fix=fix))
