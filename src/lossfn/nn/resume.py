"""A training between two epochs, written down so that it goes on bit for bit."""

from __future__ import annotations

from collections.abc import Mapping
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


def load(path: Path, lesson: Lesson) -> tuple[History, dict[str, Array]]:
    """Put a lesson where `save` found one; return the history and the best tensors.

    Raises
    ------
    ArgumentError
        Another kind of file, or one of a training with other settings.
    """
    tensors, record = files.read(path)
    _require_same(record["setting"], lesson.setting())
    overwrite(lesson.model.tensors(), _under("model/", tensors))
    overwrite(lesson.state.averages, _under("optimizer/", tensors))
    lesson.state.steps = record["steps"]
    for name, generator in lesson.generators().items():
        generator.bit_generator.state = record["generators"][name]
    return History(record["history"]), _under("best/", tensors)


def overwrite(arrays: Mapping[str, Array], values: Mapping[str, Array]) -> None:
    """Set in place the arrays that have new values."""
    for name, value in values.items():
        arrays[name][...] = value


def copied(arrays: Mapping[str, Array]) -> dict[str, Array]:
    """Return copies under the same names."""
    return {name: np.copy(array) for name, array in arrays.items()}


def _under(prefix: str, tensors: Mapping[str, Array]) -> dict[str, Array]:
    return {name.removeprefix(prefix): array for name, array in tensors.items() if name.startswith(prefix)}


def _require_same(written: Mapping[str, Any], asked: Mapping[str, Any]) -> None:
    for name, value in asked.items():
        if written.get(name) != value:
            expected, fix = f"the {name} of the checkpoint, {written.get(name)}", "another file for another training"
            raise ArgumentError(say(name, expected=expected, got=value, fix=fix))
