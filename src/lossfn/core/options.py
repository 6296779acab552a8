"""Hyperparameters: declared once as fields, checked, frozen, and told apart for the tracer."""

from __future__ import annotations

from dataclasses import Field, field, fields
from typing import Any

import numpy as np

from lossfn.core.domain import Domain, Interval
from lossfn.core.errors import OptionError, say
from lossfn.core.frameworks import library_of

REDUCTIONS = ("mean", "sum", "none")
_NUMBERS = (float, "float", "float | None")
_WHOLE = (int, "int", "int | None")


def option(
    *,
    default: Any,
    domain: Domain | None = None,
    choices: tuple[Any, ...] | None = None,
    static: bool = False,
    array: bool = False,
    kw_only: bool = False,
) -> Any:
    """Declare a hyperparameter.

    Parameters
    ----------
    default
        Its value when none is given.
    domain
        The set its number (or each number of its array) must come from.
    choices
        The values it may take, for hyperparameters that are not numbers.
    static
        Whether it chooses the formula: a formula may branch on it, and each value has its own kernel.
    array
        Whether it holds one number per class (or column); None then reads as 1 in the formula.
    kw_only
        Whether it must be given by name.
    """
    metadata = {"domain": domain, "choices": choices, "static": static, "array": array}
    return field(default=default, metadata=metadata, kw_only=kw_only)


def settle(loss: Any) -> None:
    """Check every hyperparameter of a new loss and store it frozen: floats as float, arrays read-only."""
    for spec in fields(loss):
        value = _settled(type(loss).__name__, spec, getattr(loss, spec.name))
        object.__setattr__(loss, spec.name, value)


def _settled(owner: str, spec: Field[Any], value: Any) -> Any:
    choices = spec.metadata.get("choices")
    if choices is not None and value not in choices:
        allowed = ", ".join(map(repr, choices))
        raise OptionError(say(f"{owner}({spec.name}=)", expected=f"one of {allowed}", got=repr(value)))
    if spec.metadata.get("array"):
        return None if value is None else _frozen(owner, spec, value)
    if spec.type not in _NUMBERS + _WHOLE or (value is None and _may_be_none(spec)):
        return value
    return _number(owner, spec, value) if spec.type in _NUMBERS else _whole(owner, spec, value)


def _may_be_none(spec: Field[Any]) -> bool:
    return spec.default is None or "None" in str(spec.type)


def _whole(owner: str, spec: Field[Any], value: Any) -> int:
    if isinstance(value, bool) or not isinstance(value, int | np.integer):
        allowed = "a whole number" + (" or None" if spec.default is None else "")
        raise OptionError(say(f"{owner}({spec.name}=)", expected=allowed, got=repr(value)))
    return int(value)


def _number(owner: str, spec: Field[Any], value: Any) -> float:
    domain = spec.metadata.get("domain") or Interval()
    try:
        number = float(value)
    except (TypeError, ValueError):
        number = float("nan")
    if number != number or number not in domain:
        # A traced array has no number yet: where it is differentiated in, it is a prediction.
        fix = f'lossfn.learned({owner}(), "{spec.name}")' if library_of(value) == "jax" else ""
        raise OptionError(say(f"{owner}({spec.name}=)", expected=f"a number in {domain}", got=repr(value), fix=fix))
    return number


def _frozen(owner: str, spec: Field[Any], value: Any) -> np.ndarray[Any, Any]:
    try:
        array = np.array(value, dtype=np.float64)
    except (TypeError, ValueError):
        array = np.full((), np.nan)
    domain = spec.metadata.get("domain") or Interval()
    if array.ndim > 1 or not all(np.isfinite(number) and number in domain for number in array.flat):
        expected = f"a number or one number in {domain} per class"
        raise OptionError(say(f"{owner}({spec.name}=)", expected=expected, got=repr(value)))
    array.setflags(write=False)
    return array


def travels(value: Any) -> bool:
    """Whether a hyperparameter reaches a kernel as an input: numbers other than 0, and arrays."""
    return isinstance(value, np.ndarray) or (isinstance(value, float) and value != 0.0)
