"""The tables, and what is in each."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import classes
import curvature
import footprint
import pointwise
import startup
from figure import Figure
from timing import Budget


class Table(NamedTuple):
    """A title, the works that are its rows, and what measures one of them."""

    title: str
    works: Iterable[str]
    measure: Callable[[str, Budget], list[Figure]]


TABLES = {
    "many": Table("Value and gradient, 10000000 elements, float32", pointwise.WORKS, pointwise.many),
    "few": Table("Value and gradient, 1000 elements, float32, the whole call", pointwise.WORKS, pointwise.few),
    "classes": Table("Cross-entropy, value and gradient, float32", classes.WORKS, classes.cross_entropy),
    "hessian": Table("Gradient and hessian per element, float64", curvature.BOUNDS, curvature.grad_and_hess),
    "start": Table("Import and first call", startup.WORKS, startup.cold),
    "memory": Table("Peak memory of value and gradient", footprint.WORKS, footprint.peak),
}


def chosen(pattern: str) -> list[tuple[str, str]]:
    """Return table and work of all that match: `many`, `few: squared`, `Huber`."""
    both = [(table, work) for table, content in TABLES.items() for work in content.works]
    return [pair for pair in both if pattern.lower() in ": ".join(pair).lower()]


def measure(table: str, work: str, budget: Budget) -> list[Figure]:
    """Measure one work of one table."""
    import lossfn as lf

    lf.set_num_threads(1)
    return TABLES[table].measure(work, budget)
