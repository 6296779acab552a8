"""Weighted sums of losses: `0.7 * Huber() + 0.3 * AbsoluteError()` is one loss and one kernel."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossfn.core.domain import Domain
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.loss import Loss, Setting
from lossfn.core.options import option


class _Sum(Loss, abstract=True):
    """Σ weight · term over losses that read the same inputs."""

    terms: tuple[tuple[float, Loss], ...] = option(default=(), static=True)

    def apply_formula(self, m: Any, inputs: Mapping[str, Any]) -> Any:
        """Add the terms' formulas."""
        return sum(weight * loss.apply_formula(m, inputs) for weight, loss in self.terms)

    def domains(self) -> dict[str, Domain]:
        """Return every domain some term asks for."""
        return {name: domain for _, loss in self.terms for name, domain in loss.domains().items()}

    def settings(self) -> dict[str, Any]:
        """Return the weights and the terms' own settings, named by the term's place."""
        weights = {f"{i}.weight": float(w) for i, (w, _) in enumerate(self.terms) if w}
        return weights | {f"{i}.{n}": v for i, (_, t) in enumerate(self.terms) for n, v in t.settings().items()}

    def bind(self, setting: Setting) -> Any:
        """Replace the weights and what travels inside each term."""
        bound = type(self)(terms=())
        placed = enumerate(self.terms)
        terms = tuple((setting(f"{i}.weight", w), t.bind(_inside(setting, i))) for i, (w, t) in placed)
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


class RowSum(_Sum, Row, register=False):
    """A sum of row losses over the same logits and labels; a mean divides by the class weights its terms share."""

    class_weight: Any = option(default=None, array=True)


class DistributionSum(_Sum, Distribution, register=False):
    """A sum of distribution losses over the same scores and targets."""


def combine(parts: list[tuple[float, Loss]]) -> Loss:
    """Join weighted losses of one shape into one loss; sums inside are opened."""
    terms: list[tuple[float, Loss]] = []
    for weight, loss in parts:
        inner = loss.terms if isinstance(loss, _Sum) else ((1.0, loss),)
        terms += [(float(weight) * w, term) for w, term in inner]
    for kind, joined in ((Pointwise, PointwiseSum), (Row, RowSum), (Distribution, DistributionSum)):
        if all(isinstance(term, kind) for _, term in terms) and len({_reads(term) for _, term in terms}) == 1:
            return joined(terms=tuple(terms), **_shared(terms[0][1], terms))
    got = " and ".join(type(term).__name__ for _, term in terms)
    raise OptionError(
        say(
            "sum of losses",
            expected="losses that read the same inputs",
            got=got,
            fix="a(prediction, target_a) + b(prediction, target_b)",
        )
    )


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
