"""Between a model and a loss: scores on the whole line, the set a prediction comes from, what an optimum stands for.

A loss over a score is a loss again: value, gradient, curvature and kernels follow from its formula.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import SimpleNamespace
from typing import Any, cast

import numpy as np

from lossfn.core.domain import REAL, UNIT, Domain, Interval
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.loss import Loss, Setting
from lossfn.core.options import option
from lossfn.core.program import slope

OFF = 2.0**-20  # of an interval's width: how far off its ends, which may be open, a score leads at most


def into(m: Any, domain: Any, score: Any) -> Any:
    """Map the whole line into an interval, in the verbs of `m`."""
    if domain == REAL:
        return score
    if domain == UNIT:
        return m.sigmoid(score)
    if _bounded(domain):
        width = domain.high - domain.low
        return domain.low + OFF * width + (1.0 - 2.0 * OFF) * width * m.sigmoid(score)
    if isinstance(domain, Interval) and domain.low > -np.inf and domain.high == np.inf:
        return domain.low + m.softplus(score)
    raise OptionError(say("prediction_domain", expected="an interval, or the numbers above one", got=domain))


def rise(m: Any, domain: Any, score: Any) -> tuple[Any, Any]:
    """First and second derivative of `into`."""
    if domain == REAL:
        return 1.0, 0.0
    up, down = m.sigmoid(score), m.sigmoid(-score)
    if domain == UNIT:
        return up * down, up * down * (down - up)
    if _bounded(domain):
        width = (1.0 - 2.0 * OFF) * (domain.high - domain.low)
        return width * up * down, width * up * down * (down - up)
    return up, up * down


def _bounded(domain: Any) -> bool:
    return isinstance(domain, Interval) and domain.low > -np.inf and domain.high < np.inf


def domains(loss: Any) -> dict[str, Any]:
    """Return the set each prediction of a pointwise loss comes from."""
    return {name: loss.domains().get(name, REAL) for name in loss.predictions}


class _Linked(Loss, abstract=True):
    """A loss of scores: another one, its `loss`, behind links."""

    loss: Any = option(default=None, static=True)

    def travelling(self) -> dict[str, Any]:
        """Find what travels in the loss behind the link."""
        return dict(self.loss.settings())

    def bind(self, setting: Setting) -> Any:
        """Replace what travels in the loss behind the link."""
        bound = type(self)(loss=self.loss)
        object.__setattr__(bound, "loss", self.loss.bind(setting))
        return bound

    def structure(self) -> tuple[Any, ...]:
        """Return the structure of the loss behind the link."""
        return type(self), self.loss.structure()

    @property
    def estimates(self) -> str:  # type: ignore[override]  # the loss behind the link decides
        """What the loss behind the link estimates, of which this has the scores."""
        return str(self.loss.estimates)


class LinkedPointwise(_Linked, Pointwise, register=False):
    """A pointwise loss whose predictions are scores, mapped into the sets it takes its predictions from."""

    @property
    def predictions(self) -> tuple[str, ...]:  # type: ignore[override]  # those of the loss behind the link
        """The scores, under the names of the predictions they become."""
        return tuple(self.loss.predictions)

    @property
    def target_domain(self) -> Domain:  # the same
        """The set a target comes from."""
        domain: Domain = self.loss.target_domain
        return domain

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Apply the formula to the mapped scores."""
        return self.loss.apply_formula(m, self._mapped(m, inputs))

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """f'(p)·p'."""
        inner = slope(self.loss, m, self._mapped(m, inputs), name)
        return inner if name == "target" else inner * rise(m, self._domains[name], inputs[name])[0]

    @property
    def _domains(self) -> dict[str, Any]:
        return domains(self.loss) | {"target": REAL}

    def _mapped(self, m: Any, inputs: Mapping[str, Any]) -> dict[str, Any]:
        return {name: into(m, self._domains[name], x) for name, x in inputs.items()}


class LinkedRow(_Linked, Row, register=False):
    """A loss of log-probabilities and a label, over logits."""

    class_weight: Any = option(default=None, array=True)

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Apply the formula to the log-probability of the label: it reads nothing else."""
        return self.loss.formula(m, SimpleNamespace(log_prob=inputs["log_prob"], log_sum_exp=0.0, mean_log_prob=0.0))


class LinkedDistribution(_Linked, Distribution, register=False):
    """A loss of log-probabilities and a distribution, over logits."""

    @property
    def target_domain(self) -> Domain:  # the loss behind the link decides
        """The set a target comes from."""
        domain: Domain = self.loss.target_domain
        return domain

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Apply the formula: the shape has taken the log-softmax."""
        return self.loss.apply_formula(m, inputs)


def of_scores(loss: Any) -> Loss:
    """Return the loss as one of scores on the whole line: itself where it takes them already.

    Scores become probabilities by the sigmoid, numbers above a bound by the softplus, log-probabilities by the
    log-softmax. A class whose formula has an accurate form over scores gives it as `of_scores`.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.core.links import of_scores
    >>> of_scores(lf.Huber())
    Huber(delta=1.0)
    >>> print(of_scores(lf.BinaryCrossEntropy())([0.0], [1.0]).round(4))
    0.6931
    """
    if hasattr(loss, "of_scores"):
        own: Loss = loss.of_scores()
        return own
    if isinstance(loss, Pointwise):
        plain = all(domain == REAL for domain in domains(loss).values())
        return LinkedPointwise(loss=loss, reduction=loss.reduction) if not plain else loss
    if loss.takes == "logits":
        return cast(Loss, loss)
    if isinstance(loss, Distribution):
        return LinkedDistribution(loss=loss, reduction=loss.reduction)
    shared = {"ignore_index": loss.ignore_index, "class_weight": getattr(loss, "class_weight", None)}
    return LinkedRow(loss=loss, reduction=loss.reduction, **shared)


def behind(loss: Any) -> Any:
    """Return the loss a user gave, without its links."""
    return loss.loss if isinstance(loss, _Linked) else loss
