"""What is measured: a number, its unit and the bound it should keep."""

from __future__ import annotations

from typing import Any, NamedTuple


class Bound(NamedTuple):
    """A limit, from below or from above."""

    limit: float
    least: bool

    def holds(self, measured: float) -> bool:
        return measured >= self.limit if self.least else measured <= self.limit


def at_least(limit: float) -> Bound:
    return Bound(limit, least=True)


def at_most(limit: float) -> Bound:
    return Bound(limit, least=False)


class Figure(NamedTuple):
    """One cell of a table."""

    work: str
    column: str
    measured: float
    unit: str
    bound: Bound | None = None

    @property
    def met(self) -> bool | None:
        return self.bound and self.bound.holds(self.measured)

    def text(self) -> str:
        """Write the number, and beside it whether the bound is kept."""
        shown = f"{number(self.measured)} {self.unit}"
        if self.bound is None:
            return shown
        sign = "≥" if self.bound.least else "≤"
        return f"{shown} {'✓' if self.met else '✗'} ({sign} {self.bound.limit:g})"

    def record(self, table: str) -> dict[str, Any]:
        """Return the figure as plain data."""
        at = None if self.bound is None else {"at": "least" if self.bound.least else "most", "limit": self.bound.limit}
        return {"table": table, **self._asdict(), "bound": at, "met": self.met}


def number(x: float) -> str:
    """Write a number with three significant digits, or whole where it has more."""
    return f"{x:.0f}" if abs(x) >= 100 else f"{x:.3g}"
