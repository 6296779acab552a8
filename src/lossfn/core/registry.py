"""Every loss by name: the class statement registers it."""

from __future__ import annotations

import re
from dataclasses import fields
from difflib import get_close_matches
from itertools import count
from typing import TYPE_CHECKING, Any
from weakref import WeakValueDictionary

from lossfn.core.errors import OptionError, UnknownLossError, say

if TYPE_CHECKING:
    from lossfn.core.loss import Loss

REGISTRY: dict[str, type[Loss]] = {}

# What other libraries call a loss: only a hint in the message, not a second name.
ELSEWHERE = {
    "bce": ("BinaryCrossEntropyWithLogits", "BinaryCrossEntropy"),
    "bcewithlogits": ("BinaryCrossEntropyWithLogits",),
    "ce": ("CrossEntropy",),
    "kl": ("KLDivergence", "KLFromLogits"),
    "kld": ("KLDivergence", "KLFromLogits"),
    "l1": ("AbsoluteError",),
    "l2": ("SquaredError",),
    "logloss": ("BinaryCrossEntropy", "BinaryCrossEntropyWithLogits"),
    "mae": ("AbsoluteError",),
    "mse": ("SquaredError",),
    "nll": ("NegativeLogLikelihood", "CrossEntropy"),
    "pinball": ("Quantile",),
}

_LIVING: WeakValueDictionary[str, Loss] = WeakValueDictionary()
_numbers = count()


def keep(loss: Loss) -> str:
    """Return a name under which `living` finds this very loss: what a compiler may hold in its place."""
    handle = f"{type(loss).__name__} {next(_numbers)}"
    _LIVING[handle] = loss
    return handle


def living(handle: str) -> Loss:
    """Return the loss of that handle."""
    return _LIVING[handle]


def snake_case(name: str) -> str:
    """Turn a class name into the name used by `get` and the command line: SmoothL1 -> smooth_l1."""
    return re.sub(r"(?<=[a-z0-9])(?<!Mc)(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])", "_", name).lower()


def register(cls: type[Loss]) -> None:
    """Make a class known by name; a later class of the same name replaces it."""
    REGISTRY[snake_case(cls.__name__)] = cls


def find(name: str) -> type[Loss]:
    """Return the class of that name, in any spelling of case and underscores."""
    by_letters = {_letters(known): cls for known, cls in REGISTRY.items()}
    cls = by_letters.get(_letters(str(name)))
    if cls is None:
        letters = _letters(str(name))
        close = [by_letters[near].__name__ for near in get_close_matches(letters, by_letters, n=3, cutoff=0.5)]
        names = " or ".join(ELSEWHERE.get(letters.removesuffix("loss"), close))
        hint = f" Did you mean {names}?" if names else " lossfn.list_losses() names them all."
        raise UnknownLossError(f"unknown loss {name!r}.{hint}")
    return cls


def _letters(name: str) -> str:
    return re.sub(r"[^a-z0-9]", "", name.lower())


def build(name: str, **options: Any) -> Loss:
    """Return the loss of that name with its options checked by name and value."""
    cls = find(name)
    known = [spec.name for spec in fields(cls)]
    unknown = [option for option in options if option not in known]
    if unknown:
        expected = f"one of: {', '.join(known)}"
        raise OptionError(say(f"{cls.__name__}({unknown[0]}=)", expected=expected, got=repr(unknown[0])))
    return cls(**options)
