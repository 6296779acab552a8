"""The one comparison of the laws: it names the worst place and raises."""

from __future__ import annotations

import numpy as np
from lossfn.explain.cases import Array, Case

from lossfn.core.errors import LawError


def agree(
    case: Case,
    what: str,
    got: Array,
    expected: Array,
    tolerance: Array | float = 0.0,
    where: Array | bool = True,
) -> None:
    """Raise `LawError` at the worst term if `got` is not within `tolerance` of `expected` wherever `where` holds."""
    got, expected = np.broadcast_arrays(got, expected)
    if got.size == 0:
        return
    with np.errstate(all="ignore"):
        excess = np.where(
            (got == expected) | (np.isnan(got) & np.isnan(expected)), -np.inf, abs(got - expected) - tolerance
        )
    excess = np.where(np.isnan(excess), np.inf, excess)
    excess = np.where(where, excess, -np.inf)
    if excess.max() > 0:
        place = np.unravel_index(int(excess.argmax()), excess.shape)
        at = case.place(int(place[-1])) if place and excess.shape[-1] == case.points.shape[1] else "the whole batch"
        raise LawError(f"{what} at {at}: expected {float(expected[place])!r}, got {float(got[place])!r}")


def demand(holds: bool, what: str) -> None:
    """Raise `LawError` with `what` unless it holds."""
    if not holds:
        raise LawError(what)
