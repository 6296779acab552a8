"""Cross-entropies that weigh a row by how well it is classified; none of them is convex."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, Interval
from lossfn.core.kinds import Row
from lossfn.core.options import option


class Focal(Row):
    """Cross-entropy in which well-classified rows count less.

    -alpha_y (1 - p_y)^gamma log p_y with p = softmax(logits); logits of shape (..., K), labels of shape (...).

    Estimates sharpened logits, not calibrated probabilities. For many easy rows of frequent classes beside few hard
    ones of rare classes; for one sigmoid per class see `BinaryFocal`.

    Parameters
    ----------
    gamma : float, default 2.0
        How strongly easy rows fade; at least 0, which gives `CrossEntropy`.
    alpha : float or array, optional
        Weight >= 0 of all classes or of each; 1 if not given. It never enters the divisor of a mean.
    ignore_index : int, optional
        Label of rows that do not count.

    Notes
    -----
    Keras multiplies by alpha = 0.25 unless told otherwise: a quarter of the value here. MONAI's softmax form also
    averages over the K classes.

    References
    ----------
    T.-Y. Lin, P. Goyal, R. Girshick, K. He and P. Dollár, Focal loss for dense object detection, 2017,
    https://arxiv.org/abs/1708.02002

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.Focal()([[1.0, 2.0, 3.0]], [2]).round(5), lf.Focal(alpha=0.25)([[1.0, 2.0, 3.0]], [2]).round(5))
    0.04568 0.01142
    >>> value, gradient = lf.Focal(gamma=0.0).value_and_grad([[1.0, 2.0, 3.0]], [2])
    >>> print(value.round(4), gradient.round(4))
    0.4076 [[ 0.09    0.2447 -0.3348]]
    """

    gamma: float = option(default=2.0, domain=NONNEGATIVE, static=True)
    alpha: Any = option(default=None, domain=NONNEGATIVE, array=True)
    convex: ClassVar[bool] = False
    estimates = "sharpened logits: not calibrated probabilities"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "Keras": "CategoricalFocalCrossentropy: alpha is 0.25 by default",
        "kornia": "focal_loss: the same without alpha",
        "MONAI": "FocalLoss(use_softmax=True): one value per class, so that its mean is 1/K of this",
    }

    def formula(self, m: Any, row: Any) -> Any:
        """-α_y (1 - p_y)^γ log p_y, with 1 - p_y = -expm1(log p_y)."""
        # At p_y = 1 a fractional power has an infinite slope, times 0: there the slope is that of the minimum, 0.
        log_prob = row.log_prob if self.gamma.is_integer() else m.minimum(row.log_prob, -1e-300)
        focus = m.power(-m.expm1(log_prob), self.gamma)
        return -(self.alpha * m.weighted(focus, log_prob))


class PolyCrossEntropy(Row):
    """Cross-entropy with the first term of its series in 1 - p_y made larger.

    -log p_y + epsilon (1 - p_y) with p = softmax(logits); logits of shape (..., K), labels of shape (...).

    Estimates logits of the class probabilities, sharpened. A one-parameter change to a classifier that is tuned
    already: above 0 it pushes confident rows further, below 0 it lets them rest.

    Parameters
    ----------
    epsilon : float, default 1.0
        What the first coefficient is raised by; at least -1, where the first term vanishes.
    ignore_index : int, optional
        Label of rows that do not count.

    Notes
    -----
    Defaults differ: 2 in optax and timm, 1 in rax and here. Logits [1, 2, 3] and label 2 give 0.74237 for 1 and
    1.07712 for 2.

    References
    ----------
    Z. Leng, M. Tan, C. Liu, E. D. Cubuk, X. Shi, S. Cheng and D. Anguelov, PolyLoss: a polynomial expansion
    perspective of classification loss functions, 2022, https://arxiv.org/abs/2204.12511

    Examples
    --------
    >>> import lossfn as lf
    >>> print(lf.PolyCrossEntropy()([[1.0, 2.0, 3.0]], [2]).round(5))
    0.74237
    >>> print(lf.PolyCrossEntropy(epsilon=2.0)([[1.0, 2.0, 3.0]], [2]).round(5))
    1.07712
    """

    epsilon: float = option(default=1.0, domain=Interval(-1))
    convex: ClassVar[bool] = False
    estimates = "logits of the class probabilities, sharpened"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "optax": "losses.poly_loss_cross_entropy: the same, not averaged; epsilon is 2 by default",
        "timm": "PolyCrossEntropy: the same; epsilon is 2 by default",
        "rax": "poly1_softmax_loss: the same, epsilon is 1 by default",
    }

    def formula(self, m: Any, row: Any) -> Any:
        """-log p_y - ε·expm1(log p_y)."""
        return -row.log_prob - self.epsilon * m.expm1(row.log_prob)


class GeneralizedCrossEntropy(Row):
    """Between cross-entropy (q near 0) and the mean absolute error of the probabilities (q = 1).

    (1 - p_y^q) / q with p = softmax(logits); logits of shape (..., K), labels of shape (...).

    Estimates classes under label noise: a row costs at most 1/q, so that wrong labels cannot dominate. Larger q
    tolerates more noise and learns more slowly.

    Parameters
    ----------
    q : float, default 0.7
        Above 0 and at most 1.
    ignore_index : int, optional
        Label of rows that do not count.

    Notes
    -----
    The default is the paper's; Keras has 0.5. A probability of 0.3 costs 0.81355 for 0.7 and 0.90455 for 0.5. Code
    that computes 1 - p^q returns 1.19209 in float32 for q = 1e-7; the value is 1.20397, -log p.

    References
    ----------
    Z. Zhang and M. R. Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy labels,
    2018, https://arxiv.org/abs/1805.07836

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> logits = np.log([[0.3, 0.7]])
    >>> print(lf.GeneralizedCrossEntropy()(logits, [0]).round(5))
    0.81355
    >>> print(lf.GeneralizedCrossEntropy(q=1.0)(logits, [0]).round(5))
    0.7
    """

    q: float = option(default=0.7, domain=Interval(0, 1, low_open=True))
    convex: ClassVar[bool] = False
    estimates = "classes under label noise"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "Keras": "CategoricalGeneralizedCrossEntropy: the same; q is 0.5 by default",
    }

    def formula(self, m: Any, row: Any) -> Any:
        """-expm1(q·log p_y)/q."""
        return -m.expm1(self.q * row.log_prob) / self.q
