"""Distances between distributions over classes; each row gives the sum over its classes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, REAL, Domain
from lossfn.core.kinds import Distribution
from lossfn.core.options import option


class _Divergence(Distribution, abstract=True):
    """What the divergences share: a target as probabilities or as log-probabilities."""

    log_target: bool = option(default=False, choices=(False, True), static=True)
    estimates = "the target distribution"

    @property
    def target_domain(self) -> Domain:  # log-probabilities may be any number
        """Non-negative numbers, or any for log-probabilities."""
        return REAL if self.log_target else NONNEGATIVE

    def divergence(self, m: Any, log_prob: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        if self.log_target:
            return m.weighted(m.exp(target), target - log_prob)
        return m.xlogy(target, target) - m.weighted(target, log_prob)


class KLDivergence(_Divergence):
    """Kullback-Leibler divergence of the target from given log-probabilities.

    Σ_k t_k (log t_k - log_probs_k) with 0 log 0 = 0; log-probabilities and target of one shape (..., K).

    Estimates the target distribution: what a model's distribution costs in place of the true one. For models that
    end in log-probabilities; with logits use `KLFromLogits`. Rows are not normalised, neither here nor there.

    Parameters
    ----------
    log_target : bool, default False
        Whether the target holds log-probabilities too.

    Notes
    -----
    A mean divides by the number of rows, torch's "batchmean": target [0.36, 0.48, 0.16] against thirds gives
    0.0853, as in Keras, optax and SciPy's `entropy`. torch's default "mean" divides by the number of elements,
    0.0284. Where target and prediction are not normalised SciPy's `rel_entr` agrees (1.3863 for [1, 1] against
    [0.5, 0.5]) and `kl_div`, which adds q - t, does not (0.3863). A target of probability 0 costs nothing, though
    a log-probability be -inf: there torch and optax give NaN.

    References
    ----------
    S. Kullback and R. A. Leibler, On information and sufficiency, 1951, https://doi.org/10.1214/aoms/1177729694

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> log_probs, target = np.log([[1 / 3, 1 / 3, 1 / 3]]), np.array([[0.36, 0.48, 0.16]])
    >>> value, gradient = lf.KLDivergence().value_and_grad(log_probs, target)
    >>> print(value.round(4), gradient)
    0.0853 [[-0.36 -0.48 -0.16]]
    >>> print(lf.KLDivergence(log_target=True)(log_probs, np.log(target)).round(4))
    0.0853
    """

    takes: ClassVar[str] = "log_probs"
    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": 'kl_div(reduction="batchmean"): the same; the default "mean" divides by the elements',
        "Keras": "KLDivergence: takes probabilities, target first, and clips them to [1e-7, 1]",
        "optax": "kl_divergence: the same, not averaged; NaN for log-probability -inf and target 0",
        "SciPy": "rel_entr takes probabilities, target first; kl_div adds q - t; entropy normalises both",
    }

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        return self.divergence(m, log_prob, target)


class KLFromLogits(_Divergence):
    """Kullback-Leibler divergence of the target from the softmax of logits.

    Σ_k t_k (log t_k - log softmax(logits)_k) with 0 log 0 = 0; logits and target of one shape (..., K).

    Estimates the target distribution. For distillation and soft labels: the gradient is that of `CrossEntropy` with
    the same target, p - t, and the value is 0 at a perfect fit. A temperature T divides the logits of both sides;
    multiply the loss by T² to keep the size of the gradient.

    Parameters
    ----------
    log_target : bool, default False
        Whether the target holds log-probabilities.

    Notes
    -----
    torch needs two calls, `kl_div(log_softmax(x, -1), t, reduction="batchmean")`, for the same value.

    References
    ----------
    G. Hinton, O. Vinyals and J. Dean, Distilling the knowledge in a neural network, 2015,
    https://arxiv.org/abs/1503.02531

    Examples
    --------
    >>> import lossfn as lf
    >>> value, gradient = lf.KLFromLogits().value_and_grad([[0.0, 0.0, 0.0]], [[0.36, 0.48, 0.16]])
    >>> print(value.round(4), gradient.round(4))
    0.0853 [[-0.0267 -0.1467  0.1733]]
    """

    elsewhere: ClassVar[Mapping[str, str]] = {
        "torch": 'kl_div(log_softmax(x, -1), t, reduction="batchmean"): the same',
        "optax": "kl_divergence(log_softmax(x), t): the same, not averaged",
    }

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        return self.divergence(m, log_prob, target)


class JensenShannon(_Divergence):
    """Half the divergence of target and softmax(logits), each from their mean.

    ½ Σ_k (t_k log(t_k / a_k) + q_k log(q_k / a_k)) with q = softmax(logits) and a = (t + q)/2; logits and target of
    one shape (..., K).

    Estimates the target distribution. Symmetric and at most log 2, so that a row whose target is wrong cannot
    dominate. Not convex in the logits.

    Parameters
    ----------
    log_target : bool, default False
        Whether the target holds log-probabilities.

    Notes
    -----
    For [0.1, 0.9] and [0.5, 0.5] the value is 0.10175. SciPy's `jensenshannon` is its square root, 0.31898.

    References
    ----------
    J. Lin, Divergence measures based on the Shannon entropy, 1991, https://doi.org/10.1109/18.61115

    Examples
    --------
    >>> import lossfn as lf
    >>> import numpy as np
    >>> value, gradient = lf.JensenShannon().value_and_grad(np.log([[0.1, 0.9]]), [[0.5, 0.5]])
    >>> print(value.round(5), gradient.round(4))
    0.10175 [[-0.0607  0.0607]]
    """

    convex: ClassVar[bool] = False
    elsewhere: ClassVar[Mapping[str, str]] = {
        "SciPy": "spatial.distance.jensenshannon: the square root of this, of probabilities",
    }

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """½·t·log(t/a) + ½·q·log(q/a), a = (t + q)/2."""
        t = m.exp(target) if self.log_target else target
        q, log_t = m.exp(log_prob), self._log_target(m, target)
        return 0.5 * (m.weighted(t, _log_ratio(m, log_t, log_prob)) + m.weighted(q, _log_ratio(m, log_prob, log_t)))

    def gradient(self, m: Any, log_prob: Any, target: Any) -> Any:
        """½·q·log(q/a), which is 0 where q vanishes before the target does."""
        return 0.5 * m.weighted(m.exp(log_prob), _log_ratio(m, log_prob, self._log_target(m, target)))

    def hessian(self, m: Any, log_prob: Any, target: Any) -> Any:
        """½·q·(log(q/a) + t/(t + q))."""
        log_t = self._log_target(m, target)
        bend = _log_ratio(m, log_prob, log_t) + m.sigmoid(log_t - log_prob)
        return 0.5 * m.weighted(m.exp(log_prob), bend)

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """½·log(t/a) in the target, -∞ at t = 0, and its share of a logarithm; the other is `gradient`."""
        if name != "target":
            return super().known_slope(m, inputs, name)
        ratio = 0.5 * _log_ratio(m, self._log_target(m, inputs["target"]), inputs["log_prob"])
        return m.weighted(m.exp(inputs["target"]), ratio) if self.log_target else ratio

    def _log_target(self, m: Any, target: Any) -> Any:
        return target if self.log_target else m.log(target)


def _log_ratio(m: Any, log_x: Any, log_y: Any) -> Any:
    # log(x / ((x + y)/2)) = -log(½ + ½y/x) = -log1p(½·expm1(log y - log x)): exact where x and y are close.
    # With d = log y - log x: -log1p(½·expm1(-|d|)), less d where it is positive and e^d would overflow.
    d = log_y - log_x
    ahead = d > 0.0
    near = -m.log1p(0.5 * m.expm1(m.where(ahead, -d, d)))
    return m.where(ahead, near - d, near)
