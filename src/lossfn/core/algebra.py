"""Weighted sums of losses: `0.7 * Huber() + 0.3 * AbsoluteError()` is one loss and one kernel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from lossfn.core.domain import REAL, Domain, meet
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.loss import Loss, Setting
from lossfn.core.options import option
from lossfn.core.program import curvature, slope


class _Sum(Loss, abstract=True):
    """Σ weight · term over losses that read the same inputs."""

    terms: tuple[tuple[float, Loss], ...] = option(default=(), static=True)

    @property
    def takes(self) -> str:
        """What the terms over classes take."""
        return str(getattr(self.terms[0][1], "takes", ""))

    @property
    def estimates(self) -> str:  # type: ignore[override]  # the terms decide
        """What every term estimates, if it is the same."""
        stated = {str(term.estimates) for _, term in self.terms}
        return stated.pop() if len(stated) == 1 else "not stated"

    @property
    def convex(self) -> bool:  # type: ignore[override]  # the terms decide
        """Whether every term is, and none is subtracted."""
        return all(term.convex and weight >= 0 for weight, term in self.terms)

    @property
    def differentiable(self) -> bool:  # type: ignore[override]  # the terms decide
        """Whether every term is."""
        return all(term.differentiable for _, term in self.terms)

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Add the terms' formulas."""
        return sum(weight * loss.apply_formula(m, inputs) for weight, loss in self.terms)

    def resolve(self, prediction: Any, target: Any, axis: int) -> Loss:
        """Let every term choose the loss that serves these arguments."""
        chosen = [(weight, term.resolve(prediction, target, axis)) for weight, term in self.terms]
        same = all(new is old for (_, new), (_, old) in zip(chosen, self.terms, strict=True))
        return self if same else combine(chosen)

    def known_slope(self, m: Any, inputs: Any, name: str) -> Any:
        """Add the terms' slopes, each its own where the class gives one."""
        return sum(weight * slope(term, m, inputs, name) for weight, term in self.terms)

    def known_curvature(self, m: Any, inputs: Any, first: str, second: str) -> Any:
        """Add the terms' second derivatives."""
        return sum(weight * curvature(term, m, inputs, first, second) for weight, term in self.terms)

    def domains(self) -> dict[str, Domain]:
        """Return what every term accepts."""
        common: dict[str, Domain] = {}
        for _, term in self.terms:
            common |= {name: meet(domain, common.get(name, REAL)) for name, domain in term.domains().items()}
        return common

    def travelling(self) -> dict[str, Any]:
        """Find the weights, named by the term's place, and the terms' own settings, "place.name"."""
        weights: dict[str, Any] = {f"{i}": weight for i, (weight, _) in enumerate(self.terms)}
        return weights | {f"{i}.{n}": v for i, (_, t) in enumerate(self.terms) for n, v in t.settings().items()}

    def bind(self, setting: Setting) -> Any:
        """Replace the weights and what travels inside each term."""
        bound = type(self)(terms=())
        placed = enumerate(self.terms)
        terms = tuple((setting(f"{i}", w), t.bind(_inside(setting, i))) for i, (w, t) in placed)
        object.__setattr__(bound, "terms", terms)
        return bound

    def structure(self) -> tuple[Any, ...]:
        """Return the structures of the terms."""
        return type(self), *(term.structure() for _, term in self.terms)

    def __repr__(self) -> str:
        """Write the sum as it was written."""
        return " + ".join(f"{weight!r} * {loss!r}" for weight, loss in self.terms)


def _inside(setting: Setting, place: int) -> Setting:
    return lambda name, value: setting(f"{place}.{name}", value)


class PointwiseSum(_Sum, Pointwise, register=False):
    """A sum of pointwise losses, fused into one pass."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """The names the terms read."""
        return tuple(self.terms[0][1].inputs)

    @property
    def predictions(self) -> tuple[str, ...]:  # type: ignore[override]  # a sum reads what its terms read
        """The predictions the terms read."""
        first: Any = self.terms[0][1]
        return tuple(first.predictions)


class RowSum(_Sum, Row, register=False):  # type: ignore[override]  # takes what its terms take
    """A sum of row losses over the same logits and labels; a mean divides by the class weights its terms share."""

    class_weight: Any = option(default=None, array=True)


class DistributionSum(_Sum, Distribution, register=False):  # type: ignore[override]  # the same
    """A sum of distribution losses over the same scores and targets."""


def combine(parts: list[tuple[float, Loss]]) -> Loss:
    """Join weighted losses of one shape into one loss; sums inside are opened."""
    terms: list[tuple[float, Loss]] = []
    _same_reduction([loss.reduction for _, loss in parts])
    for weight, loss in parts:
        inner = loss.terms if isinstance(loss, _Sum) else ((1.0, loss),)
        terms += [(_finite(float(weight) * w), term) for w, term in inner]
    for kind, joined in ((Pointwise, PointwiseSum), (Row, RowSum), (Distribution, DistributionSum)):
        if all(isinstance(term, kind) for _, term in terms) and len({_reads(term) for _, term in terms}) == 1:
            return joined(terms=tuple(terms), reduction=parts[0][1].reduction, **_shared(terms[0][1], terms))
    got = " and ".join(type(term).__name__ for _, term in terms)
    raise OptionError(
        say(
            "sum of losses",
            expected="losses that read the same inputs",
            got=got,
            fix="a(prediction, target_a) + b(prediction, target_b)",
        )
    )


def _finite(factor: float) -> float:
    if not math.isfinite(factor):
        raise OptionError(say("factor", expected="a finite number", got=factor))
    return factor


def _same_reduction(reductions: list[str]) -> None:
    if len(set(reductions)) > 1:
        got = " and ".join(map(repr, reductions))
        raise OptionError(say("sum of losses", expected="one reduction in all terms", got=got))


def _reads(loss: Any) -> tuple[Any, ...]:
    return loss.inputs, getattr(loss, "takes", None), getattr(loss, "ignore_index", None)


def _shared(first: Loss, terms: list[tuple[float, Loss]]) -> dict[str, Any]:
    if not isinstance(first, Row):
        return {}
    given = [term.class_weight for _, term in terms if hasattr(term, "class_weight")]
    if len({None if table is None else table.tobytes() for table in given}) > 1:
        got = " and ".join(map(repr, given))
        raise OptionError(say("sum of losses", expected="one class_weight in all terms that have one", got=got))
    return {"ignore_index": first.ignore_index, "class_weight": given[0] if given else None}
