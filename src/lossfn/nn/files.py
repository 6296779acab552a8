"""Arrays and a record in one file of safetensors, which is there whole or not at all."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from lossfn.core.errors import ArgumentError, say
from lossfn.nn.layers import Array

KEY = "lossfn"


def require_safetensors() -> None:
    """Say what to install, before a training and not after its first epoch."""
    if find_spec("safetensors") is None:
        raise ImportError('checkpoint: needs safetensors. Try: pip install "lossfn[checkpoint]"')


def require_place(path: Path) -> None:
    """Refuse a path that no file can be written to, before a training and not after its first epoch."""
    if path.is_dir() or not path.parent.is_dir():
        expected, fix = "a file in a folder that exists", "Path(checkpoint).parent.mkdir(parents=True)"
        raise ArgumentError(say("checkpoint", expected=expected, got=str(path), fix="" if path.is_dir() else fix))


def write(path: Path, tensors: Mapping[str, Array], record: Mapping[str, Any]) -> None:
    """Replace the file: whenever the process dies, the old content stands or the new one."""
    from safetensors.numpy import save

    content = save(dict(tensors), {KEY: json.dumps(record)})
    beside = path.with_name(f"{path.name}.part")
    with beside.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    _sync_folder(path.parent)


def read(path: Path) -> tuple[dict[str, Array], dict[str, Any]]:
    """Return what `write` wrote.

    Raises
    ------
    ArgumentError
        Another kind of file.
    """
    from safetensors import SafetensorError, safe_open

    try:
        with safe_open(path, framework="numpy") as file:
            record = (file.metadata() or {})[KEY]
            return {name: file.get_tensor(name) for name in file.keys()}, json.loads(record)  # noqa: SIM118  # no dict
    except (SafetensorError, KeyError, ValueError) as error:
        raise foreign(path) from error


def foreign(path: Path) -> ArgumentError:
    """Return the error of a file that is damaged or of another kind."""
    return ArgumentError(say("checkpoint", expected="a file that a Trainer wrote", got=str(path)))


def _sync_folder(folder: Path) -> None:
    # The new name is on the disk only when the folder is; Windows cannot open one.
    if os.name == "posix":
        handle = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(handle)
        finally:
            os.close(handle)
