"""New values of arrays as formulas of the old ones, to be run by an engine in one pass."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

from lossfn.core.arrays import Array
from lossfn.core.dispatch import engine
from lossfn.core.graph import Node, Tracer


@dataclass(frozen=True, eq=False)
class Map:
    """Graphs over named arrays and named numbers; `results` holds the new value of each array that changes.

    Computed in the dtype of the arrays, float32 or float64.
    """

    arrays: tuple[str, ...]
    numbers: tuple[str, ...]
    results: Mapping[str, Node]

    def __call__(self, arrays: Sequence[Array], numbers: Sequence[float]) -> None:
        """Change flat contiguous arrays of one dtype and length, given in the order of their names."""
        engine().change(self, arrays, numbers)


def trace_map(rule: Callable[[Any, Any, Any], Mapping[str, Any]], arrays: Iterable[str], numbers: Iterable[str]) -> Map:
    """Trace ``rule(m, now, given)``, which returns new values by the name of the array.

    The old values are attributes of `now`, the numbers attributes of `given`.
    """
    m, arrays, numbers = Tracer(), tuple(arrays), tuple(numbers)
    now, given = (SimpleNamespace(**{name: m.input(name) for name in names}) for names in (arrays, numbers))
    results = rule(m, now, given)
    return Map(arrays, numbers, {n: r if isinstance(r, Node) else m.constant(r) for n, r in results.items()})
