"""What the frequencies of the classes say: weights for them, and logits adjusted by them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from lossfn.core.errors import OptionError, TargetError, say
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.nn.layers import Array


def counted(y: ArrayLike) -> Array:
    """Return how often each class number occurs; each must.

    Raises
    ------
    TargetError
        Labels that are no class numbers, or one between 0 and the largest that does not occur.
    """
    labels = np.asarray(y)
    if labels.ndim != 1 or not labels.size or labels.dtype.kind not in "biu" or labels.min() < 0:
        expected, got = "class numbers 0, 1, 2, ... of shape (N,)", f"{labels.dtype} of shape {labels.shape}"
        raise TargetError(say("y", expected=expected, got=got, fix="names, y = np.unique(y, return_inverse=True)"))
    counts = np.bincount(labels.astype(np.intp))
    if not counts.all():
        expected, got = "every class number at least once", f"no label {int(np.argmin(counts))}"
        raise TargetError(say("y", expected=expected, got=got))
    return np.asarray(counts, np.float64)


def balanced_weights(y: ArrayLike) -> list[float]:
    """Return N / (K n_c) for each class number c: under these weights all K classes count the same, 1 on average.

    Raises
    ------
    TargetError
        A class number between 0 and the largest that does not occur.

    Examples
    --------
    >>> balanced_weights([0, 0, 0, 1])
    [0.6666666666666666, 2.0]
    """
    counts = counted(y)
    weights: list[float] = (counts.sum() / (len(counts) * counts)).tolist()
    return weights


def effective_weights(y: ArrayLike, beta: float = 0.999) -> list[float]:
    """Return weights by effective numbers of samples, K in all: (1 - beta) / (1 - beta^n_c) up to their scale.

    Between no weights (beta = 0) and `balanced_weights` up to scale (beta near 1): rows of a class that has many
    already add less and less.

    Raises
    ------
    OptionError
        A beta outside [0, 1).
    TargetError
        A class number that does not occur.

    References
    ----------
    Y. Cui et al., Class-balanced loss based on effective number of samples, 2019, https://arxiv.org/abs/1901.05555

    Examples
    --------
    >>> [round(weight, 4) for weight in effective_weights([0, 0, 0, 1], beta=0.9)]
    [0.5391, 1.4609]
    """
    if not 0 <= beta < 1:
        raise OptionError(say("beta", expected="a number in [0, 1)", got=beta))
    weights = (1.0 - beta) / -np.expm1(counted(y) * np.log(beta)) if beta else np.ones(len(counted(y)))
    scaled: list[float] = (weights * len(weights) / weights.sum()).tolist()
    return scaled


@dataclass(frozen=True)
class PriorAdjusted:
    """A loss over logits that sees them raised by the logarithms of the class frequencies, for `Trainer`.

    The logits that come out are those of classes equally frequent: `predict` then has few errors in every class
    rather than few errors. Unlike weights, this stays right however well the rows are separated.

    Attributes
    ----------
    loss : Loss
        One over classes, of logits.
    offsets : array of shape (K,)
        See `prior_adjusted`.

    References
    ----------
    A. K. Menon et al., Long-tail learning via logit adjustment, 2021, https://arxiv.org/abs/2007.07314
    """

    loss: Loss
    offsets: Array

    def value_and_grad(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> tuple[Any, Any]:
        """Return the mean and its gradient."""
        both: tuple[Any, Any] = self.loss.value_and_grad(self._raised(prediction), target, sample_weight=sample_weight)
        return both

    def accumulate(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> LossSum:
        """Return the sum over a batch."""
        return self.loss.accumulate(self._raised(prediction), target, sample_weight=sample_weight)

    def _raised(self, prediction: Any) -> Array:
        logits = np.asarray(prediction)
        return np.asarray(logits + self.offsets.astype(logits.dtype))


def prior_adjusted(loss: Loss, y: ArrayLike, tau: float = 1.0) -> PriorAdjusted:
    """Return a loss over logits with tau · log(n_c / N) added to them, n_c counted in the labels y.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.nn import prior_adjusted
    >>> print(prior_adjusted(lf.CrossEntropy(), [0, 0, 0, 1]).offsets.round(4))
    [-0.2877 -1.3863]
    """
    counts = counted(y)
    return PriorAdjusted(loss, np.asarray(tau * np.log(counts / counts.sum())))
