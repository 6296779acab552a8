"""The comparisons of the laws: they name the worst place and raise."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.errors import LawError
from lossfn.explanation.laws.case import Case

# Two roundings apart, whatever the order of the products.
CLOSE = 4e-15


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
        same = (got == expected) | (np.isnan(got) & np.isnan(expected))
        excess = np.where(same, -np.inf, abs(got - expected) - tolerance)
    excess = np.where(where, np.where(np.isnan(excess), np.inf, excess), -np.inf)
    if excess.max() > 0:
        place = np.unravel_index(int(excess.argmax()), excess.shape)
        at = case.place(int(place[-1])) if place and excess.shape[-1] == case.terms else "the whole batch"
        raise LawError(f"{what} at {at}: expected {float(expected[place])!r}, got {float(got[place])!r}")


def total(case: Case, what: str, got: Any, terms: Array) -> None:
    """Raise `LawError` unless one number is the sum of `terms`."""
    expected, size = np.array([terms.sum()]), abs(terms).sum()
    agree(case, what, np.array([got], np.float64), expected, 1e-13 * size + 1e-300)


def demand(holds: object, what: str) -> None:
    """Raise `LawError` with `what` unless it holds."""
    if not holds:
        raise LawError(what)


def refuses(what: str, error: type[Exception], call: Callable[[], Any], *words: str) -> None:
    """Raise `LawError` unless a call raises `error` with a message that holds every one of `words`."""
    try:
        answer = call()
    except error as raised:
        missing = [word for word in words if word not in str(raised)]
        demand(not missing, f"{what}: expected a message naming {', '.join(missing)}, got {raised}")
    except Exception as other:  # any other error is the finding
        raise LawError(f"{what}: expected {error.__name__}, got {type(other).__name__}: {other}") from other
    else:
        raise LawError(f"{what}: expected {error.__name__}, got {answer}")
