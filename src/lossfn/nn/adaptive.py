"""Losses that are chosen anew before each epoch: by the residuals, or by how far the training has come."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.core.spread import spread
from lossfn.nn.layers import Array

Rule = Callable[[int, Array, Any], Loss]
NORMAL = 1.345  # spreads at which Huber's loss keeps 95 % of the efficiency under normal errors


@dataclass(frozen=True)
class Adaptive:
    """A loss for `Trainer` that a rule chooses before each epoch.

    Attributes
    ----------
    rule : callable
        Called with the number of the epoch, counted from 1, and predictions and targets of all rows to learn from;
        returns the loss of that epoch. The same arguments must give the same loss, so that a training can resume.
    judge : Loss
        Measures held-out rows, the same in all epochs, so that they can be compared.
    """

    rule: Rule
    judge: Loss

    def value_and_grad(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> tuple[Any, Any]:
        """Return the mean and its gradient under the judge."""
        both: tuple[Any, Any] = self.judge.value_and_grad(prediction, target, sample_weight=sample_weight)
        return both

    def accumulate(self, prediction: Any, target: Any, *, sample_weight: Any = None) -> LossSum:
        """Return the sum over a batch under the judge."""
        return self.judge.accumulate(prediction, target, sample_weight=sample_weight)


def huber_by_spread(tuning: float = NORMAL) -> Adaptive:
    """Return Huber's loss with `delta` at `tuning` robust spreads of the residuals, measured before each epoch.

    The spread is 1.4826 times the median distance from the median (MAD): outliers do not widen it, and as the model
    improves delta shrinks with the residuals. Held-out rows are judged by their absolute error.

    References
    ----------
    P. J. Huber, Robust statistics, 1981, https://doi.org/10.1002/0471725250

    Examples
    --------
    >>> from lossfn.nn import huber_by_spread
    >>> huber_by_spread().rule(1, [1.0, 2.0, 3.0], [0.0, 2.0, 44.0])
    Huber(delta=1.994...)
    """
    from lossfn.losses.regression import AbsoluteError

    return Adaptive(partial(_huber, tuning), AbsoluteError())


def _huber(tuning: float, epoch: int, prediction: Any, target: Any) -> Loss:
    from lossfn.losses.huber import Huber

    width = spread(np.asarray(prediction) - np.asarray(target))[1]
    return Huber(delta=tuning * width or 1.0)


def in_turn(first: Loss, then: Loss, epochs: int) -> Adaptive:
    """Return `first` for so many epochs, `then` afterwards; held-out rows are judged by the latter.

    Under wrong labels a network learns the rule before the exceptions: `in_turn(CrossEntropy(),
    GeneralizedCrossEntropy(), 5)` starts as fast as a cross-entropy and then stops believing rows it finds absurd.

    References
    ----------
    Z. Zhang and M. R. Sabuncu, Generalized cross entropy loss, 2018, https://arxiv.org/abs/1805.07836

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.nn import in_turn
    >>> loss = in_turn(lf.CrossEntropy(), lf.GeneralizedCrossEntropy(), 5)
    >>> type(loss.rule(5, None, None)).__name__, type(loss.rule(6, None, None)).__name__
    ('CrossEntropy', 'GeneralizedCrossEntropy')
    """
    return Adaptive(lambda epoch, prediction, target: first if epoch <= epochs else then, then)
