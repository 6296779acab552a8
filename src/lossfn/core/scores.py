"""A loss as models see it: a table of scores on the whole line goes in, one column for each output."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from lossfn.core.answers import kind
from lossfn.core.arrays import Array
from lossfn.core.domain import REAL, Choice
from lossfn.core.kinds import Distribution
from lossfn.core.links import of_scores
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum


@dataclass(frozen=True)
class Scored:
    """A loss of scores of shape (n, outputs), the gradient coming back in the same shape.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.core.scores import Scored
    >>> loss = Scored.of(lf.CrossEntropy(), classes=2)
    >>> value, gradient = loss.value_and_grad([[0.0], [0.0]], loss.truth([0, 1]))
    >>> print(loss.outputs, value.round(4), gradient.ravel())
    1 0.6931 [ 0.25 -0.25]
    """

    loss: Loss
    outputs: int

    @classmethod
    def of(cls, loss: Any, classes: int = 0) -> Scored:
        """Return a loss over the scores of a model; two classes have one score, several have one each."""
        if kind(loss) != "classes":
            return cls(of_scores(loss), len(loss.predictions))
        return cls(of_scores(loss), 1 if classes == 2 else classes)

    @cached_property
    def over_classes(self) -> bool:
        """Whether the loss takes a row of scores."""
        return kind(self.loss) == "classes"

    def truth(self, y: Any) -> Array:
        """Return numbers, or class numbers 0, 1, …, in the form the loss takes."""
        domain = self.loss.domains().get("target", REAL)
        if not self.over_classes:
            numbers: Array = np.asarray(y, np.float64)
            return 2.0 * numbers - 1.0 if isinstance(domain, Choice) and -1 in domain else numbers
        labels: Array = np.asarray(y, np.int64)
        if not isinstance(self.loss, Distribution):
            return labels
        shares: Array = np.eye(max(self.outputs, 2))[labels]
        with np.errstate(divide="ignore"):
            return np.asarray(np.log(shares)) if domain == REAL else shares

    def taken(self, scores: Any) -> Any:
        """Return scores as the loss takes them; one score s of two classes stands for -s/2 and s/2."""
        scores = np.asarray(scores)
        if self.over_classes:
            return scores * np.array([-0.5, 0.5], scores.dtype) if self.outputs == 1 else scores
        return tuple(np.ascontiguousarray(scores.T)) if self.outputs > 1 else scores[:, 0]

    def table(self, slope: Any) -> Array:
        """Return slopes in what the loss took as slopes in the scores."""
        if self.over_classes:
            return np.asarray((slope[:, 1:] - slope[:, :1]) * 0.5 if self.outputs == 1 else slope)
        return np.stack(slope, axis=1) if self.outputs > 1 else np.asarray(slope[:, None])

    def __call__(self, scores: Any, target: Any, *, sample_weight: Any = None, reduction: str = "mean") -> Any:
        """Return the reduced value, or the terms."""
        return self.loss(self.taken(scores), target, sample_weight=sample_weight, reduction=reduction)

    def value_and_grad(self, scores: Any, target: Any, *, sample_weight: Any = None) -> tuple[Any, Array]:
        """Return the mean and its slopes in the scores."""
        value, slope = self.loss.value_and_grad(
            self.taken(scores), target, sample_weight=sample_weight, reduction="mean"
        )
        return value, self.table(slope)

    def slopes(self, scores: Any, target: Any, *, sample_weight: Any = None) -> tuple[Array, Array]:
        """Return first and second derivatives of each row in its scores, sample weights applied."""
        slope, bent = self.loss.grad_and_hess(self.taken(scores), target, sample_weight=sample_weight)
        if self.over_classes and self.outputs == 1:
            # Over -s/2 and s/2, the loss being blind to a common shift: the mean of the two.
            return self.table(slope), bent.mean(axis=1)[:, None]
        return self.table(slope), self.table(bent)

    def accumulate(self, scores: Any, target: Any, *, sample_weight: Any = None) -> LossSum:
        """Return the sum over a batch, as a loss does."""
        return self.loss.accumulate(self.taken(scores), target, sample_weight=sample_weight)
