"""One call's arguments, checked and brought into the form a shape computes on."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from lossfn.core.arrays import Array, empty_like
from lossfn.core.dispatch import Ask
from lossfn.core.domain import Domain
from lossfn.core.errors import DomainError, say


@dataclass(frozen=True)
class Batch:
    """What an engine reads.

    Attributes
    ----------
    predictions
        One array per prediction. Pointwise: any shape. Over classes: (rows, classes).
    target
        Pointwise and distribution: the shape of a prediction. Row: (rows,) of int64.
    weight
        float64 per term, in the shape of the terms, or None for all ones.
    dtype
        Of the terms.
    shape
        Of the terms as the caller sees them.
    divisor
        float64 per term, whose sum a mean divides by, or None for all ones.
    count
        How many terms count.
    axis
        The class axis, counted from the end; 0 where there is none.
    """

    predictions: tuple[Array, ...]
    target: Array
    weight: Array | None
    dtype: np.dtype[Any]
    shape: tuple[int, ...]
    divisor: Array | None
    count: int
    axis: int = 0

    @cached_property
    def denominator(self) -> float:
        """What a mean divides by."""
        return float(self.terms) if self.divisor is None else float(self.divisor.sum())

    def outputs(self, ask: Ask) -> tuple[tuple[Array, ...], tuple[Array, ...]]:
        """Return the arrays that slopes and second derivatives are written to: of `ask.out`, or new ones."""
        read = {"target": self.target} if ask.wrt == ("target",) else dict(zip(ask.wrt, self.predictions, strict=False))
        given = ask.out or ()
        slopes = given[: len(read)] or tuple(empty_like(source) for source in read.values())
        like = dict(zip(read, slopes, strict=True))
        return slopes, given[len(read) :] or tuple(empty_like(like[first]) for first, _ in ask.pairs)

    @property
    def terms(self) -> int:
        """How many terms there are: elements, or rows."""
        return self.target.size if self.axis == 0 else self.predictions[0].shape[0]

    def wide_parts(self, size: int) -> Iterator[Batch]:
        """Cut along the first axis into batches of about `size` numbers, each of them float64."""
        first = self.predictions[0]
        length = len(first) if first.ndim else 1
        step = max(1, size * length // max(first.size, 1))
        for start in range(0, length, step):
            cut = slice(start, start + step) if first.ndim else ...
            predictions = tuple(p[cut].astype(np.float64) for p in self.predictions)
            target = self.target[cut] if self.axis and self.target.ndim == 1 else self.target[cut].astype(np.float64)
            weight = None if self.weight is None else self.weight[cut]
            shape = target.shape if self.axis == 0 else target.shape[:1]
            yield replace(self, predictions=predictions, target=target, weight=weight, dtype=_WIDE, shape=shape)


def first_offender(inputs: Mapping[str, Array], weight: Array | None, domains: Mapping[str, Domain]) -> None:
    """Raise `DomainError` naming the first weighted value outside its domain, if there is one."""
    for name, domain in domains.items():
        x = inputs[name].astype(np.float64)
        outside = domain.outside(_CONDITIONS, x)
        if outside is None:
            continue
        if weight is not None:
            outside = outside & (weight.reshape(weight.shape + (1,) * (x.ndim - weight.ndim)) != 0)
        if outside.any():
            place = np.unravel_index(int(np.argmax(outside)), x.shape)
            where = f" at position {', '.join(map(str, map(int, place)))}" if place else ""
            got = f"{x[place]}{where}"
            cause = _CAUSES.get(f"{name} in {domain}", "")
            raise DomainError(say(name, expected=f"values in {domain}", got=got, cause=cause))


class _Conditions:
    """The condition verbs on arrays."""

    equal = staticmethod(np.equal)
    either = staticmethod(np.logical_or)
    negate = staticmethod(np.logical_not)


_WIDE = np.dtype(np.float64)
_CONDITIONS = _Conditions()
_CAUSES = {
    "prediction in [0, 1]": "logits where probabilities belong: see the loss that takes logits",
    "target in [0, 1]": "labels of -1 and 1, or class numbers, where 0 and 1 or probabilities belong",
    "target in {0, 1}": 'labels of -1 and 1 need labels="pm1"',
    "target in {-1, 1}": 'labels of 0 and 1 need labels="01"',
}
