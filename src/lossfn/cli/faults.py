"""What a user did wrong, in one sentence: where, what was expected, what came, and the correction."""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches

from lossfn.core.errors import LossfnError


class InputError(LossfnError):
    """A wrong file, column, label or option; the message is all a user sees of it."""


def meant(word: str, known: Iterable[str], otherwise: str, likeness: float = 0.65) -> str:
    """Return "Did you mean ...?" if something known comes close to `word`, else `otherwise`."""
    letters = {name.lower().replace("_", "-"): name for name in known}
    close = get_close_matches(word.lower().replace("_", "-"), letters, n=1, cutoff=likeness)
    return f"Did you mean {letters[close[0]]}?" if close else otherwise


def listed(names: Iterable[str], many: int = 12) -> str:
    """Write names in a row, the first ones where there are many."""
    every = list(names)
    return ", ".join(every[:many]) + (f", … ({len(every)} in all)" if len(every) > many else "")
