"""Losses of two classes that estimate a probability or its logit."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, UNIT
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class BinaryCrossEntropy(Pointwise):
    """Cross-entropy of a probability: the negative log-likelihood of a yes or no.

    -t log p - (1 - t) log(1 - p) with 0 log 0 = 0; p and t in [0, 1] and of one shape, t being a label or itself a
    probability.

    Estimates the probability of the label 1. For scoring probabilities that are given; a model that is trained
    should hand its logits to `BinaryCrossEntropyWithLogits`, which loses no digits and never saturates.

    Notes
    -----
    Nothing is clipped: p = 0 for a target of 1 costs infinity. There torch gives 100 (and a gradient of -1e12),
    scikit-learn's `log_loss` 36.04 and Keras 16.118, each by its own clipping. A p outside [0, 1] is an error
    here and in torch.

    References
    ----------
    T. Gneiting and A. E. Raftery, Strictly proper scoring rules, prediction, and estimation, 2007,
    https://doi.org/10.1198/016214506000001437

    Examples
    --------
    >>> import lossfn as lf
    >>> loss = lf.BinaryCrossEntropy()
    >>> print(loss([0.1, 0.2, 0.8, 0.9], [0, 0, 1, 1]).round(6))
    0.164252
    >>> print(loss([0.8, 0.2, 0.7, 0.4], [1, 0, 1, 0]).round(6))
    0.328447
    >>> value, gradient = loss.value_and_grad([0.8, 0.2], [1, 1], reduction="sum")
    >>> print(gradient.round(4))
    [-1.25 -5.  ]
    """

    prediction_domain = UNIT
    target_domain = UNIT
    estimates = "probability of the label 1"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "binary_cross_entropy: the same, but each logarithm is at least -100",
        "scikit-learn": "log_loss: the same, but p is clipped by the rounding unit of its dtype",
        "Keras": "BinaryCrossentropy: the same, but p is clipped to [1e-7, 1 - 1e-7]",
        "optax": "takes logits only: see BinaryCrossEntropyWithLogits",
        "XGBoost": "logloss is a metric; objectives take logits: see BinaryCrossEntropyWithLogits",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """-t·log p - (1 - t)·log(1 - p), with 0·log 0 = 0 and no clipping."""
        return -m.xlogy(target, prediction) - m.xlog1py(1.0 - target, -prediction)

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """(1 - t)/(1 - p) - t/p, with 0/0 = 0; t·(1/p) would overflow where t/p does not."""
        return _share(m, 1.0 - target, 1.0 - prediction) - _share(m, target, prediction)

    def of_scores(self) -> Pointwise:
        """Return the same loss of a logit, which keeps the digits a probability near 1 has lost."""
        return BinaryCrossEntropyWithLogits(reduction=self.reduction)


def _share(m: Any, part: Any, whole: Any) -> Any:
    return m.where(m.equal(part, 0.0), 0.0, part / whole)


class BinaryCrossEntropyWithLogits(Pointwise):
    """Cross-entropy of a logit: logistic regression, and every yes-or-no output of a network.

    pos_weight t log(1 + e^-x) + (1 - t) log(1 + e^x); x any number, t in [0, 1] and of the same shape.

    Estimates the logit of the probability of the label 1 (plus log pos_weight). The default for two classes and
    for several labels that do not exclude each other. Without pos_weight the gradient is sigmoid(x) - t.

    Parameters
    ----------
    pos_weight : float or array, optional
        What a label 1 counts beside a label 0, for all or for each entry of the last axis; at least 0.

    Notes
    -----
    The value is that of torch, optax and Keras (`from_logits=True`); `pos_weight` is torch's and never enters the
    divisor of a mean. `sample_weight` does: logits 2 and -1, labels 1 and 0, weights 1 and 3 give 0.2667 here
    and 0.5334 in torch, which divides by 2. In float32 torch returns a gradient of 0 for x = 20, t = 1 and a
    value of 0 for x = -20, t = 0; both are 2.06e-9 in size.

    References
    ----------
    J. Friedman, T. Hastie and R. Tibshirani, Additive logistic regression: a statistical view of boosting, 2000,
    https://doi.org/10.1214/aos/1016218223

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.BinaryCrossEntropyWithLogits().value_and_grad([2.0, -1.0], [1, 0])
    >>> print(value.round(4), gradient.round(4))
    0.2201 [-0.0596  0.1345]
    >>> print(lf.BinaryCrossEntropyWithLogits(pos_weight=3.0)([2.0, -1.0], [1, 0]).round(4))
    0.347
    """

    pos_weight: Any = option(default=None, domain=NONNEGATIVE, array=True)
    target_domain = UNIT
    estimates = "logit of the probability of the label 1"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "binary_cross_entropy_with_logits: the same; a weighted mean divides by the number of elements",
        "scikit-learn": "the loss of LogisticRegression and of gradient boosting: the same",
        "Keras": "BinaryCrossentropy(from_logits=True): the same, without pos_weight",
        "optax": "sigmoid_binary_cross_entropy: the same, not averaged, without pos_weight",
        "XGBoost": "binary:logistic: the same; scale_pos_weight is pos_weight",
        "LightGBM": "binary: the same; scale_pos_weight is pos_weight",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """w·t·softplus(-x) + (1 - t)·softplus(x), the part of either that is not softplus(-|x|) put beside it."""
        above, positive, negative = prediction >= 0.0, self.pos_weight * target, 1.0 - target
        size = m.where(above, prediction, -prediction)
        far = m.weighted(m.where(above, negative, positive), size)
        return far + (negative + positive) * m.softplus(-size)


class BinaryFocal(Pointwise):
    """Cross-entropy of a logit in which well-classified examples count less.

    With p = sigmoid(x)::

        alpha t (1 - p)^gamma (-log p) + (1 - alpha) (1 - t) p^gamma (-log(1 - p))

    x any number, t in [0, 1] and of the same shape; without alpha both factors are 1.

    Estimates a sharpened logit, not a calibrated probability. For detection and other tasks with very many easy
    negatives. Not convex.

    Parameters
    ----------
    gamma : float, default 2.0
        How strongly easy examples fade; at least 0, which gives `BinaryCrossEntropyWithLogits`.
    alpha : float, optional
        Share of the label 1 in the weight, in [0, 1]; the paper and torchvision use 0.25.

    Notes
    -----
    For x = 1 and t = 1 the value is 0.02266, as in optax and Keras; with alpha = 0.25 it is 0.005665, as in
    torchvision by default. A fractional target is read as a mixture of both labels: x = 1 and t = 0.3 give 0.49811.
    torchvision, optax and Keras put t into the focusing factor as well and give 0.35562.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, Focal loss for dense object detection, 2017,
    https://arxiv.org/abs/1708.02002

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.BinaryFocal()([1.0], [1]).round(5), lf.BinaryFocal(alpha=0.25)([1.0], [1]).round(6))
    0.02266 0.005665
    >>> value, gradient = lf.BinaryFocal().value_and_grad([0.0, 3.0], [1, 1], reduction="none")
    >>> print(value.round(5), gradient.round(5))
    [0.17329 0.00011] [-0.29829 -0.00031]
    """

    gamma: float = option(default=2.0, domain=NONNEGATIVE, static=True)
    alpha: float | None = option(default=None, domain=UNIT)
    target_domain = UNIT
    convex: ClassVar[bool] = False
    estimates = "a sharpened logit: not a calibrated probability"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torchvision": "sigmoid_focal_loss: the same for labels, alpha 0.25 by default, not averaged",
        "Keras": "BinaryFocalCrossentropy: alpha counts only with apply_class_balancing=True",
        "optax": "sigmoid_focal_loss: the same for labels, not averaged",
    }

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """t·α·q^γ·softplus(-x) + (1 - t)(1 - α)·p^γ·softplus(x), p = sigmoid(x), q = 1 - p."""
        alpha, other = self._alphas()
        positive = m.weighted(target, alpha * self._focus(m, -prediction) * m.softplus(-prediction))
        return positive + m.weighted(1.0 - target, other * self._focus(m, prediction) * m.softplus(prediction))

    def gradient(self, m: Any, prediction: Any, target: Any) -> Any:
        """-t·α·q^γ·(q + γ·p·softplus(-x)) + (1 - t)(1 - α)·p^γ·(p + γ·q·softplus(x)): 1 at ∞, where q·softplus is 0."""
        alpha, other = self._alphas()
        negative = m.weighted(1.0 - target, other * self._slope(m, prediction))
        return negative - m.weighted(target, alpha * self._slope(m, -prediction))

    def majorizer(self, m: Any, prediction: Any, target: Any) -> Any:
        """w·p·q, w being the slope beside that of the cross-entropy: the slope's size times p for t = 1.

        Positive where the loss bends down, and large where it is steep; no bound of the loss everywhere.
        """
        alpha, other = self._alphas()
        positive = m.weighted(target, alpha * self._slope(m, -prediction) * m.sigmoid(prediction))
        return positive + m.weighted(1.0 - target, other * self._slope(m, prediction) * m.sigmoid(-prediction))

    def _slope(self, m: Any, x: Any) -> Any:
        # d/dx sigmoid(x)^γ·softplus(x)
        p, q = m.sigmoid(x), m.sigmoid(-x)
        return self._focus(m, x) * (p + self.gamma * m.weighted(q, m.softplus(x)))

    def _alphas(self) -> tuple[Any, Any]:
        return (1.0, 1.0) if self.alpha is None else (self.alpha, 1.0 - self.alpha)

    def _focus(self, m: Any, x: Any) -> Any:
        # sigmoid(x)^γ: through the logarithm for a fractional γ, whose slope would be 0·∞ in the tail.
        if self.gamma.is_integer():
            return m.power(m.sigmoid(x), self.gamma)
        return m.exp(self.gamma * m.log_sigmoid(x))
