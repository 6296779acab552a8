"""A training between two epochs, written down so that it goes on bit for bit."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from lossfn.core.errors import ArgumentError, say
from lossfn.nn import files
from lossfn.nn.history import History
from lossfn.nn.layers import Array
from lossfn.nn.lesson import Lesson


def save(path: Path, lesson: Lesson, history: History, best: Mapping[str, Array]) -> None:
    """Write parameters, running averages of layers and optimizer, generators and history.

    A schedule has no state: its time follows from the epochs in the history.
    """
    record = {
        "setting": lesson.setting(),
        "history": history,
        "steps": lesson.state.steps,
        "generators": {name: generator.bit_generator.state for name, generator in lesson.generators().items()},
    }
    now = {f"model/{name}": array for name, array in lesson.model.tensors().items()}
    averages = {f"optimizer/{name}": array for name, array in lesson.state.averages.items()}
    files.write(path, {**now, **averages, **{f"best/{name}": array for name, array in best.items()}}, record)


def load(path: Path, lesson: Lesson, validated: bool) -> tuple[History, dict[str, Array]]:
    """Put a lesson where `save` found one; return the history and the best tensors.

    Raises
    ------
    ArgumentError
        Another kind of file, a damaged one, or one of a training with other settings.
    """
    tensors, record = files.read(path)
    if not isinstance(record, dict) or not isinstance(record.get("setting"), dict):
        raise files.foreign(path)
    _require_same(record["setting"], lesson.setting())
    try:
        history, best = _history(record["history"]), _under("best/", tensors, lesson.model.tensors())
        _restore(lesson, tensors, record)
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise files.foreign(path) from error
    _require_validation("valid_loss" in history, validated)
    return history, best


def _history(written: Mapping[str, list[float]]) -> History:
    history = History(written)
    if {*map(len, history.values())} != {len(history["train_loss"])}:
        raise ValueError("figures of different numbers of epochs")
    return history


def _restore(lesson: Lesson, tensors: Mapping[str, Array], record: Mapping[str, Any]) -> None:
    model, averages = lesson.model.tensors(), lesson.state.averages
    now, running = _under("model/", tensors, model), _under("optimizer/", tensors, averages)
    for name, generator in lesson.generators().items():
        generator.bit_generator.state = record["generators"][name]
    lesson.state.steps = record["steps"]
    overwrite(model, now)
    overwrite(averages, running)


def overwrite(arrays: Mapping[str, Array], values: Mapping[str, Array]) -> None:
    """Set in place the arrays that have new values."""
    for name, value in values.items():
        arrays[name][...] = value


def copied(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return copies under the same names."""
    return {name: np.copy(array) for name, array in arrays.items()}


def _under(prefix: str, tensors: Mapping[str, Array], names: Iterable[str]) -> dict[str, Array]:
    return {name: tensors[f"{prefix}{name}"] for name in names}


def _require_validation(before: bool, now: bool) -> None:
    if before != now:
        expected = f"{'' if before else 'no '}validation data, as when the checkpoint was written"
        fix = "the same data, or another file for another training"
        raise ArgumentError(say("validation", expected=expected, got="some" if now else "none", fix=fix))


def _require_same(written: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        if written.get(name) != value:
            expected, fix = f"the {name} of the checkpoint, {written.get(name)}", "another file for another training"
            raise ArgumentError(say(name, expected=expected, got=value, fix=fix))
