"""Losses of the margin y·score, y = ±1 being the label: large margins are good, negative ones are errors."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import Choice, Domain
from lossfn.core.kinds import Pointwise
from lossfn.core.options import option


class Margin(Pointwise, abstract=True):
    """Base of the losses of y·score with y = ±1; the target has the shape of the scores.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y: as 0 and 1, or as -1 and 1. Never guessed; other labels are an error.
    """

    labels: str = option(default="01", choices=("01", "pm1"), static=True, kw_only=True)
    estimates = "sign of the label"

    @property
    def target_domain(self) -> Domain:  # the labels decide the domain
        """The two labels."""
        return Choice((0.0, 1.0) if self.labels == "01" else (-1.0, 1.0))

    def formula(self, m: Any, prediction: Any, target: Any) -> Any:
        """Loss of the margin y·score."""
        return self.of_margin(m, self.sign(target) * prediction)

    def sign(self, target: Any) -> Any:
        """Return y = ±1."""
        return 2.0 * target - 1.0 if self.labels == "01" else target

    def of_margin(self, m: Any, margin: Any) -> Any:
        """Return the loss of one margin."""
        raise NotImplementedError


class SoftMargin(Margin):
    """Cross-entropy of a logit, written with y = ±1.

    log(1 + e^(-y·score)), y = ±1.

    Estimates the logit of the probability of the label 1. The same function as `BinaryCrossEntropyWithLogits`, for
    code that thinks in margins.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y.

    Notes
    -----
    In float32 torch returns an infinite value and a NaN gradient from a margin of about -89 on; the value at -200
    is 200.

    References
    ----------
    J. Friedman, T. Hastie and R. Tibshirani, Additive logistic regression: a statistical view of boosting, 2000,
    https://doi.org/10.1214/aos/1016218223

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.SoftMargin(labels="pm1").value_and_grad([-200.0, 0.0], [1, -1], reduction="none")
    >>> print(value.round(4), gradient)
    [200.       0.6931] [-1.   0.5]
    """

    estimates = "logit of the probability of the label 1"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": "soft_margin_loss: the same for labels -1 and 1; infinite below a margin of about -89 in float32",
        "scikit-learn": 'SGDClassifier(loss="log_loss"): the same',
    }

    def of_margin(self, m: Any, margin: Any) -> Any:
        """softplus(-margin)."""
        return m.softplus(-margin)


class Exponential(Margin):
    """e to the minus margin: the loss of AdaBoost.

    e^(-y·score), y = ±1.

    Estimates half the logit of the probability of the label 1. For boosting on clean labels: one mislabelled point
    can outweigh all others, see `SoftMargin`.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y.

    References
    ----------
    Y. Freund and R. E. Schapire, A decision-theoretic generalization of on-line learning and an application to
    boosting, 1997, https://doi.org/10.1006/jcss.1997.1504

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.Exponential().value_and_grad([0.5, 0.5], [1, 0], reduction="none")
    >>> print(value.round(4), gradient.round(4))
    [0.6065 1.6487] [-0.6065  1.6487]
    """

    estimates = "half the logit of the probability of the label 1"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": 'GradientBoostingClassifier(loss="exponential"): the same',
    }

    def of_margin(self, m: Any, margin: Any) -> Any:
        """e^-margin."""
        return m.exp(-margin)


class ZeroOne(Margin):
    """One for a wrong sign, 0 for a right one: the error rate. A value only.

    1 for y·score <= 0, else 0; y = ±1. A score of 0 is wrong for either label.

    Its minimum is at the sign of the label. For evaluation; asking for a gradient, which is 0 wherever it exists, is
    an error that names losses to train with.

    Parameters
    ----------
    labels : {"01", "pm1"}
        How the target writes y.

    Notes
    -----
    scikit-learn's `zero_one_loss` compares predicted labels; its classifiers read a score of 0 as the first label,
    so that the count differs where scores are exactly 0.

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.ZeroOne()([0.3, 0.0, -2.0], [1, 0, 1], reduction="none"))
    [0. 1. 1.]
    """

    convex: ClassVar[bool] = False
    differentiable: ClassVar[bool] = False
    elsewhere: ClassVar[Mapping[str, str]] = {
        "scikit-learn": "zero_one_loss: the same of predicted labels, a score of 0 being the first label",
        "XGBoost": "error: the same as a metric of probabilities, 0.5 being the first label",
    }

    def of_margin(self, m: Any, margin: Any) -> Any:
        """1[margin <= 0]."""
        return m.where(margin > 0.0, 0.0, m.where(margin <= 0.0, 1.0, margin))
