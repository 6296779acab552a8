"""Distances between distributions over classes; each row gives the sum over its classes."""

from __future__ import annotations

from typing import Any, ClassVar

from lossfn.core.domain import NONNEGATIVE, REAL, Domain
from lossfn.core.kinds import Distribution
from lossfn.core.options import option


class _Divergence(Distribution, abstract=True):
    """What the divergences share: a target as probabilities or as log-probabilities."""

    log_target: bool = option(False, choices=(False, True), static=True)
    estimates = "the target distribution"

    @property
    def target_domain(self) -> Domain:  # type: ignore[override]  # log-probabilities may be any number
        """Non-negative numbers, or any for log-probabilities."""
        return REAL if self.log_target else NONNEGATIVE

    def divergence(self, m: Any, log_prob: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        if self.log_target:
            return m.weighted(m.exp(target), target - log_prob)
        return m.xlogy(target, target) - m.weighted(target, log_prob)


class KLDivergence(_Divergence):
    """Σ t·(log t - log_probs): Kullback-Leibler divergence of the target from given log-probabilities."""

    takes: ClassVar[str] = "log_probs"

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        return self.divergence(m, log_prob, target)


class KLFromLogits(_Divergence):
    """Σ t·(log t - log softmax(logits))."""

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """t·(log t - log q)."""
        return self.divergence(m, log_prob, target)


class JensenShannon(_Divergence):
    """Half the divergence of target and softmax(logits), each from their mean."""

    convex: ClassVar[bool] = False

    def formula(self, m: Any, log_prob: Any, target: Any) -> Any:
        """½·t·log(t/a) + ½·q·log(q/a), a = (t + q)/2."""
        log_t = target if self.log_target else m.log(target)
        t = m.exp(target) if self.log_target else target
        q = m.exp(log_prob)
        return 0.5 * (m.weighted(t, _log_ratio(m, log_t, log_prob)) + m.weighted(q, _log_ratio(m, log_prob, log_t)))


def _log_ratio(m: Any, log_x: Any, log_y: Any) -> Any:
    # log(x / ((x + y)/2)) = -log(½ + ½y/x) = -log1p(½·expm1(log y - log x)): exact where x and y are close.
    return -m.log1p(0.5 * m.expm1(log_y - log_x))
