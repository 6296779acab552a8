"""A loss as a tree learner sees it: of scores on the whole line, with the curvature that was asked for."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any, Self, cast

from lossfn.boosting.curvature import TINY, bend, plan
from lossfn.core.domain import Domain
from lossfn.core.errors import DerivativeError, OptionError, say
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.links import of_scores
from lossfn.core.loss import Loss, Setting
from lossfn.core.options import option
from lossfn.core.program import curvature, slope


class _Raw(Loss, abstract=True):
    """A loss of scores and how its curvature is found; hyperparameters stay those of the loss."""

    loss: Any = option(default=None, static=True)
    rule: tuple[Any, ...] = option(default=("exact",), static=True)
    engine: str = option(default="", static=True)
    floor: float | None = option(default=None, static=True)
    nearest: float = option(default=TINY)  # a residual bends no more than this one

    def travelling(self) -> dict[str, Any]:
        """Find the loss's own settings, and the residual."""
        return {**self.loss.settings(), "nearest": self.nearest}

    def bind(self, setting: Setting) -> Self:
        """Replace what travels inside the loss."""
        bound = copy.copy(self)
        object.__setattr__(bound, "loss", self.loss.bind(setting))
        object.__setattr__(bound, "nearest", setting("nearest", self.nearest))
        return bound

    def structure(self) -> tuple[Any, ...]:
        """Return the loss's structure and the rule."""
        return type(self), self.loss.structure(), self.rule, self.engine, self.floor

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Take the loss."""
        return self.loss.apply_formula(m, inputs)

    def known_slope(self, m: Any, inputs: Mapping[str, Any], name: str) -> Any:
        """Take the loss's slope."""
        return slope(self.loss, m, dict(inputs), name)


class RawPointwise(_Raw, Pointwise, register=False):
    """A pointwise loss of scores."""

    @property
    def predictions(self) -> tuple[str, ...]:  # type: ignore[override]  # those of the loss
        """The scores, under the names of the loss's predictions."""
        return tuple(self.loss.predictions)

    @property
    def target_domain(self) -> Domain:  # the same
        """The set a target comes from."""
        return cast(Domain, self.loss.domains().get("target", Pointwise.target_domain))

    def known_curvature(self, m: Any, inputs: Mapping[str, Any], first: str, second: str) -> Any:
        """Follow the rule, not below the floor."""
        if first != second:
            return curvature(self.loss, m, dict(inputs), first, second)
        bent = bend(self.loss, self.rule, self.engine, m, dict(inputs), first, self.nearest)
        return bent if self.floor is None else m.maximum(bent, self.floor)


class RawRow(_Raw, Row, register=False):
    """A loss of one row of class scores."""

    @property
    def class_weight(self) -> Any:
        """The loss's own, for the divisor of a mean."""
        return getattr(self.loss, "class_weight", None)

    def known_curvature(self, m: Any, inputs: Mapping[str, Any], first: str, second: str) -> Any:
        """Take the loss's, without what bends down in the label's log-probability where a bound is wanted."""
        bent = curvature(self.loss, m, dict(inputs), first, second)
        return m.maximum(bent, 0.0) if self.rule == ("majorizer",) and first == second == "log_prob" else bent


def raw(loss: Loss, rule: str | None, engine: str, floor: float | None) -> RawPointwise | RawRow:
    """Return a loss as the learner sees it."""
    if not isinstance(loss, Loss):
        raise OptionError(say("loss", expected="a loss, such as lossfn.Huber()", got=repr(loss)))
    if not loss.differentiable:
        fix = "train with a surrogate such as Hinge or BinaryCrossEntropyWithLogits"
        raise DerivativeError(say("loss", expected="one with a gradient", got=repr(loss), fix=fix))
    if isinstance(loss, Distribution):
        got = f"{type(loss).__name__}, whose target is a distribution"
        cause = "engines keep one label a row"
        raise DerivativeError(say("loss", expected="a pointwise or row loss", got=got, cause=cause))
    scored: Any = of_scores(loss)
    if isinstance(scored, Pointwise):
        return RawPointwise(loss=scored, rule=plan(scored, rule), engine=engine, floor=floor)
    return RawRow(loss=scored, rule=plan(scored, rule), engine=engine, floor=floor, ignore_index=scored.ignore_index)
