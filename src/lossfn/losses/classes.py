"""Losses of several classes: rows of scores against class labels, or probabilities of the classes."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core import arrays
from lossfn.core.domain import NONNEGATIVE, UNIT
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Distribution, Row
from lossfn.core.loss import Loss
from lossfn.core.options import option


class CrossEntropy(Row):
    """Negative log-likelihood of the label under the softmax of the logits.

    With p = softmax(logits), label y, e = label_smoothing and K classes::

        -(1 - e) w_y log p_y - e/K Σ_k w_k log p_k

    Logits of shape (..., K), labels of shape (...); or probabilities of the classes in the shape of the logits, for
    which the loss is -Σ_k w_k t_k log p_k, t smoothed. Classes with a logit of -inf are masked: smoothing leaves
    them out.

    Estimates logits of the class probabilities. The default for classes that exclude each other.

    Parameters
    ----------
    class_weight : array, optional
        One number w_k >= 0 per class; 1 each if not given. For labels a mean divides by the sum of w_y.
    ignore_index : int, optional
        Label of rows that do not count. None by default, where torch has -100.
    label_smoothing : float, default 0.0
        Share of the loss spread evenly over all classes, in [0, 1].

    Notes
    -----
    For labels torch agrees, smoothing and weights included. The divisor is what differs: logits [[1, 2, 3],
    [1, 2, 3], [3, 2, 1]], labels [0, 2, 2] and weights [1, 1, 3] give 1.55046 here and in torch; Keras divides by
    the number of rows, 3.61775, and so do torch and this class for the same labels one-hot. If all rows are
    ignored torch gives NaN; this gives 0, as Keras does. For logits [17, 0, 0] and label 0 torch, Keras and optax
    return 0 in float32; the value is 8.28e-8.

    References
    ----------
    C. Szegedy, V. Vanhoucke, S. Ioffe, J. Shlens and Z. Wojna, Rethinking the inception architecture for computer
    vision (label smoothing), 2016, https://arxiv.org/abs/1512.00567

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.CrossEntropy().value_and_grad([[0.1, 0.2, 0.3]], [1])
    >>> print(value.round(4), gradient.round(4))
    1.1019 [[ 0.3006 -0.6678  0.3672]]
    >>> print(lf.CrossEntropy(label_smoothing=0.1)([[2.0, -1.0, 0.5, 0.0]], [0]).round(5))
    0.50485
    >>> print(lf.CrossEntropy()([[2.0, -1.0, 0.5, 0.0]], [[0.7, 0.1, 0.1, 0.1]]).round(5))
    0.99235
    """

    class_weight: Any = option(default=None, domain=NONNEGATIVE, array=True)
    label_smoothing: float = option(default=0.0, domain=UNIT)
    estimates = "logits of the class probabilities"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "cross_entropy: the same; ignore_index is -100 by default, a mean of nothing is NaN",
        "scikit-learn": "the loss of LogisticRegression: the same; log_loss takes probabilities",
        "Keras": "SparseCategoricalCrossentropy(from_logits=True): the same; a weighted mean divides by the rows",
        "optax": "softmax_cross_entropy_with_integer_labels: the same, not averaged",
        "XGBoost": "multi:softprob: the same gradient; its hessian is 2p(1 - p), not p(1 - p)",
        "LightGBM": "multiclass: the same gradient; its hessian is K/(K - 1) p(1 - p)",
    }

    def formula(self, m: Any, row: Any) -> Any:
        """-(1 - ε)·w_y·log p_y - ε·mean_k(w_k·log p_k)."""
        hard = m.weighted(self.class_weight, row.log_prob)
        return -((1.0 - self.label_smoothing) * hard) - self.label_smoothing * row.mean_log_prob

    def resolve(self, prediction: Any, target: Any, axis: int) -> Loss:
        """Serve class-probability targets by `SoftCrossEntropy`."""
        truth, scores = arrays.as_array(target, "target"), arrays.as_array(prediction, "prediction")
        dense = arrays.is_float(truth) and truth.shape == scores.shape
        if not (dense and -truth.ndim <= axis < truth.ndim and truth.shape[axis]):
            return self
        if self.ignore_index is not None:
            got = f"{self.ignore_index} beside a target of probabilities"
            raise OptionError(say("ignore_index", expected="None", got=got, fix="sample_weight= of 0 for such rows"))
        return self._soft(scores.shape[axis])

    def _soft(self, classes: int) -> Loss:
        if ("soft", classes) not in self.memo:
            keep, floor = 1.0 - self.label_smoothing, self.label_smoothing / classes
            soft = SoftCrossEntropy(class_weight=self.class_weight, keep=keep, floor=floor, reduction=self.reduction)
            self.memo["soft", classes] = soft
        found: Loss = self.memo["soft", classes]
        return found


class SoftCrossEntropy(Distribution, register=False):
    """What `CrossEntropy` is for class-probability targets.

    -Σ_k w_k (keep t_k + floor) log p_k, the floor only for classes with a finite logit. `CrossEntropy` makes one,
    with keep = 1 - e and floor = e/K, where the target is a float array of the shape of the logits. A target that
    does not sum to 1 is taken as it is.

    Parameters
    ----------
    class_weight : array, optional
        One number >= 0 per class. A mean divides by the number of rows all the same.
    keep, floor : float
        What the target is multiplied by, and what is added to it; both in [0, 1].

    Notes
    -----
    A class with target 0 and a logit of -inf costs nothing: logits [1, 0, -inf] and target [1, 0, 0] give 0.31326,
    as optax's `safe_softmax_cross_entropy` does. torch and optax's `softmax_cross_entropy` give NaN.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.CrossEntropy()([[1.0, 0.0, float("-inf")]], [[1.0, 0.0, 0.0]]).round(5))
    0.31326
    """

    class_weight: Any = option(default=None, domain=NONNEGATIVE, array=True)
    keep: float = option(default=1.0, domain=UNIT)
    floor: float = option(default=0.0, domain=UNIT)
    estimates = "logits of the class probabilities"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "cross_entropy with probabilities: the same; NaN for a masked class",
        "Keras": "CategoricalCrossentropy(from_logits=True): the same",
        "optax": "safe_softmax_cross_entropy: the same, not averaged",
    }

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """-w_k·(keep·t_k + floor)·log p_k; the floor leaves masked classes alone."""
        smoothed = self.keep * target + m.where(log_prob > -math.inf, self.floor, 0.0)
        return -(self.class_weight * m.weighted(smoothed, log_prob))


class NegativeLogLikelihood(Row):
    """Minus the label's log-probability: the cross-entropy of rows that are log-probabilities already.

    -w_y log_probs_y; log-probabilities of shape (..., K), labels of shape (...). The rows are not normalised.

    Estimates log-probabilities of the classes. For models that end in a log-softmax, or in log-probabilities from
    elsewhere; `CrossEntropy` of logits is more accurate.

    Parameters
    ----------
    class_weight : array, optional
        One number w_k >= 0 per class; 1 each if not given. A mean divides by the sum of w_y.
    ignore_index : int, optional
        Label of rows that do not count. None by default, where torch has -100.

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> value, gradient = lf.NegativeLogLikelihood().value_and_grad(np.log([[0.2, 0.8]]), [1])
    >>> print(value.round(4), gradient[0, 1])
    0.2231 -1.0
    """

    class_weight: Any = option(default=None, domain=NONNEGATIVE, array=True)
    takes: ClassVar[str] = "log_probs"
    estimates = "log-probabilities of the classes"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "nll_loss: the same; ignore_index is -100 by default, a mean of nothing is NaN",
        "scikit-learn": "log_loss takes probabilities and clips them",
    }

    def formula(self, m: Any, row: Any) -> Any:
        """-w_y·log p_y."""
        return -m.weighted(self.class_weight, row.log_prob)


class ZLoss(Row):
    """Squared log-sum-exp of the logits: keeps the normaliser of a softmax near 1.

    weight (log Σ_k e^(x_k))²; logits of shape (..., K). Labels of shape (...) are checked but not read.

    Estimates nothing: it is a penalty, added to a cross-entropy that is blind to a constant in the logits:
    `CrossEntropy() + ZLoss()`. Used when training large language models in narrow precision. Not convex where
    the log-sum-exp is negative.

    Parameters
    ----------
    weight : float, default 1e-4
        Factor of the penalty; at least 0.
    ignore_index : int, optional
        Label of rows that do not count.

    References
    ----------
    A. Chowdhery et al., PaLM: scaling language modeling with pathways, 2022, https://arxiv.org/abs/2204.02311

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.ZLoss(weight=1.0)([[1.0, 2.0, 3.0]], [2]).round(4))
    11.6118
    >>> value, gradient = lf.ZLoss(weight=1.0).value_and_grad([[0.0, 0.0]], [0])
    >>> print(value.round(4), gradient.round(4))
    0.4805 [[0.6931 0.6931]]
    """

    weight: float = option(default=1e-4, domain=NONNEGATIVE)
    convex: ClassVar[bool] = False
    estimates = "nothing: a penalty beside a cross-entropy"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "Liger-Kernel": "lse_square_scale of its cross-entropy: the same term",
    }

    def formula(self, m: Any, row: Any) -> Any:
        """weight·lse²."""
        return self.weight * m.square(row.log_sum_exp)
