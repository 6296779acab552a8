"""Losses of the margin that are 0 once the margin is large enough."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.losses.margins import Margin


class Hinge(Margin):
    """Shortfall of the margin from 1: the loss of a support vector machine.

    max(0, 1 - y·score), y = ±1.

    Estimates the sign of the label: scores are no probabilities. For linear classifiers that should depend only on
    the points at or inside the margin. At a margin of exactly 1 the slope is 0.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y.

    Notes
    -----
    For a score of 0.3 on a negative example the value is 1.3. Keras accepts both writings of y and guesses which it
    has; optax takes -1 and 1 only and returns 1.0 for a label of 0, without a word.

    References
    ----------
    C. Cortes and V. Vapnik, Support-vector networks, 1995, https://doi.org/10.1007/BF00994018

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.Hinge().value_and_grad([0.3, 2.0], [0, 1], reduction="sum")
    >>> print(value, gradient)
    1.3 [1. 0.]
    >>> print(lf.Hinge(labels="pm1")([0.3, 2.0], [-1, 1]))
    0.65
    """

    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "not there: hinge_embedding_loss is another function",
        "scikit-learn": "hinge_loss: the same, for any two labels",
        "Keras": "Hinge: the same; turns labels 0 into -1 if all labels are 0 or 1",
        "optax": "hinge_loss: the same for labels -1 and 1, not averaged; wrong without a word for 0",
        "XGBoost": "binary:hinge: the same, labels 0 and 1",
    }

    def of_margin(self, m: Any, margin: Any) -> Any:
        """max(0, 1 - margin)."""
        return m.maximum(0.0, 1.0 - margin)

    def majorizer(self, m: Any, prediction: Any, target: Any) -> Any:
        """1/(2|1 - margin|), that of |1 - margin|/2 + (1 - margin)/2, and at most 5: it is infinite at the corner."""
        return 0.5 / m.maximum(m.abs(1.0 - self.sign(target) * prediction), 0.1)


class SquaredHinge(Margin):
    """Squared shortfall of the margin from 1: a hinge without a corner.

    max(0, 1 - y·score)², y = ±1.

    Estimates 2p - 1 for the probability p of the label 1. The default of linear support vector
    machines; more sensitive to mislabelled points than `Hinge`, see `ModifiedHuber`.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y.

    References
    ----------
    K.-W. Chang, C.-J. Hsieh and C.-J. Lin, Coordinate descent method for large-scale L2-loss linear support vector
    machines, 2008, https://www.jmlr.org/papers/v9/chang08a.html

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.SquaredHinge().value_and_grad([0.5, 2.0], [0, 1], reduction="sum")
    >>> print(value, gradient)
    2.25 [3. 0.]
    """

    estimates = "2p - 1 for the probability p of the label 1"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": 'LinearSVC and SGDClassifier(loss="squared_hinge"): the same',
        "Keras": "SquaredHinge: the same; turns labels 0 into -1 if all labels are 0 or 1",
    }

    def of_margin(self, m: Any, margin: Any) -> Any:
        """max(0, 1 - margin)²."""
        return m.square(m.maximum(0.0, 1.0 - margin))

    def majorizer(self, m: Any, prediction: Any, target: Any) -> Any:
        """2 everywhere: a row that is far enough now may not stay there."""
        return 2.0


class ModifiedHuber(Margin):
    """The squared hinge, made linear below a margin of -1.

    max(0, 1 - y·score)² for y·score >= -1, else -4 y·score; y = ±1.

    Estimates 2p - 1 for the probability p of the label 1. For data with some wrong labels, where
    probabilities are wanted too.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y.

    References
    ----------
    T. Zhang, Statistical behavior and consistency of classification methods based on convex risk minimization,
    2004, https://doi.org/10.1214/aos/1079120130

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.ModifiedHuber(reduction="none")
    >>> value, gradient = loss.value_and_grad([-2.0, 0.0, 0.5], [1, 1, 1])
    >>> print(value, gradient)
    [8.   1.   0.25] [-4. -2. -1.]
    """

    estimates = "2p - 1 for the probability p of the label 1"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": 'SGDClassifier(loss="modified_huber"): the same',
    }

    def of_margin(self, m: Any, margin: Any) -> Any:
        """With n = max(margin, -1): max(0, 1 - n)·(max(0, 1 - n) + 2(n - margin))."""
        near = m.maximum(margin, -1.0)
        gap = m.maximum(0.0, 1.0 - near)
        return gap * (gap + 2.0 * (near - margin))

    def majorizer(self, m: Any, prediction: Any, target: Any) -> Any:
        """2 everywhere: a row that is far enough now may not stay there."""
        return 2.0
