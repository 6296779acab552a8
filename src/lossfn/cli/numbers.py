"""The numbers of a command line or a text file: a strict grammar, and nothing is evaluated."""

from __future__ import annotations

import re

WHOLE = re.compile(r"[+-]?[0-9]{1,308}")  # longer ones no float holds
NUMBER = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?|[+-]?inf(?:inity)?", re.IGNORECASE)


def number(text: str) -> float | None:
    """Return the number a text is, or None.

    Examples
    --------
    >>> number("-1.5e3"), number("1_000"), number("nan")
    (-1500.0, None, None)
    """
    return float(text) if NUMBER.fullmatch(text) else None


def whole(text: str) -> int | None:
    """Return the whole number a text is, or None."""
    return int(text) if WHOLE.fullmatch(text) else None
