"""From words to a loss: its name or `FILE.py:Class`, and its hyperparameters as options."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import MISSING, Field, fields
from typing import Any

import lossfn
from lossfn.cli.faults import InputError, listed, meant
from lossfn.cli.numbers import number, whole
from lossfn.cli.own import load
from lossfn.cli.words import Asked, Spare
from lossfn.core import registry
from lossfn.core.errors import OptionError, UnknownLossError
from lossfn.core.loss import Loss

HIDDEN = ("reduction", "terms")
PREFIX = "--loss-"  # for a hyperparameter whose name is an option of the command


def find(name: str) -> type[Loss]:
    """Return the class of a loss: the library's by its name, a user's by `FILE.py:Class`."""
    if ".py" in name:
        return load(name)
    lossfn.list_losses()
    try:
        return registry.find(name)
    except UnknownLossError as unknown:
        raise InputError(str(unknown).replace("lossfn.list_losses() names", "lossfn list shows")) from None


def build(asked: Asked) -> Loss:
    """Return the loss that was asked for."""
    cls = find(asked.name)
    known = hyperparameters(cls)
    missing = [name for name, spec in known.items() if _required(spec) and name not in asked.options]
    if missing:
        raise InputError(f"{cls.__name__} needs {listed(missing)}. Try: {missing[0]} {_example(known[missing[0]])}")
    values = {known[name].name: _value(known[name], name, text) for name, text in asked.options.items()}
    try:
        return cls(**values)
    except OptionError as wrong:
        said = str(wrong)
        for name, spec in known.items():
            said = said.replace(f"{cls.__name__}({spec.name}=)", name)
        raise InputError(said) from None


def hyperparameters(cls: type[Loss]) -> dict[str, Field[Any]]:
    """Return the hyperparameters of a loss by the option that sets them."""
    return {"--" + spec.name.replace("_", "-"): spec for spec in fields(cls) if spec.name not in HIDDEN}


def assign(names: list[str], spare: Iterable[Spare], own: list[str]) -> list[Asked]:
    """Give each option to the nearest loss before it that has it, else to the first after it."""
    found = [Asked(name) for name in names]
    options = [hyperparameters(find(name)) for name in names]
    for word in spare:
        name = word.name.replace("_", "-")
        name = "--" + name.removeprefix(PREFIX) if name.startswith(PREFIX) else name
        places = [*reversed(range(word.after)), *range(word.after, len(names))]
        place = next((place for place in places if name in options[place]), None)
        if place is None:
            raise InputError(_no_such(word.name, names, options, own))
        found[place].options[name] = word.text
    return found


def _no_such(word: str, names: list[str], options: list[dict[str, Field[Any]]], own: list[str]) -> str:
    known = list(dict.fromkeys(name for found in options for name in found))
    losses = " and ".join(find(name).__name__ for name in names)
    has = f"{losses} takes {listed(known)}." if known else f"{losses} takes no options of its own."
    return f"no option {word}. {meant(word, [*known, *own], has if losses else 'lossfn COMMAND --help shows all.')}"


def _value(spec: Field[Any], name: str, text: str | None) -> Any:
    default = spec.default
    if isinstance(default, bool):
        return _boolean(name, text)
    if text is None:
        raise InputError(f"{name}: expected a value, got none. Try: {name} {_example(spec)}")
    if spec.metadata.get("array"):
        values = [_number(spec, name, part) for part in text.split(",")]
        return values if "," in text else values[0]
    if "int" in str(spec.type):
        return _whole(name, text)
    return _number(spec, name, text) if "float" in str(spec.type) or isinstance(default, float) else text


def _number(spec: Field[Any], name: str, text: str) -> float:
    value = number(text.strip())
    if value is None:
        raise InputError(f"{name}: expected a number, got {text!r}. Try: {name} {_example(spec)}")
    return value


def _whole(name: str, text: str) -> int:
    value = whole(text)
    if value is None:
        raise InputError(f"{name}: expected a whole number, got {text!r}. Try: {name} -100")
    return value


def _boolean(name: str, text: str | None) -> bool:
    if text not in (None, "true", "false"):
        raise InputError(f"{name}: expected true or false, got {text!r}. Try: {name} true")
    return text != "false"


def _required(spec: Field[Any]) -> bool:
    return spec.default is MISSING and spec.default_factory is MISSING


def _example(spec: Field[Any]) -> str:
    if spec.metadata.get("array"):
        return "1,2,0.5"
    if _required(spec):
        return "0.5"
    return f"{spec.default:g}" if isinstance(spec.default, float) else str(spec.default or 0.5)
