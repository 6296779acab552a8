"""What leaves the command: JSON, tables on the screen, files that are written whole."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import click

from lossfn.cli.faults import InputError
from lossfn.explanation.style import write_whole


def as_json(value: Any) -> None:
    """Print one JSON value; NaN and infinity, which JSON does not have, as null."""
    click.echo(json.dumps(_plain(value), indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if hasattr(value, "tolist"):
        return _plain(value.tolist())
    return None if isinstance(value, float) and not math.isfinite(value) else value


def check_place(path: Path, endings: tuple[str, ...]) -> None:
    """Refuse a place that cannot be written, before any work is done."""
    if path.suffix.lower() not in endings:
        raise InputError(
            f"{path}: expected a name that ends in {' or '.join(endings)}. Try: {path.stem or 'report'}{endings[0]}"
        )
    if path.is_dir():
        raise InputError(f"{path}: expected a file to write, got a folder.")
    if not path.parent.is_dir():
        raise InputError(f"{path}: there is no folder {str(path.parent)!r} to write into. Create it first.")
    if not os.access(path.parent, os.W_OK):
        raise InputError(f"{path}: no permission to write into the folder {str(path.parent)!r}.")


def write(path: Path, text: str) -> None:
    """Write a text file whole, or not at all."""
    with writing(path):
        write_whole(path, text.encode("utf-8"))


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Name the file that was to be written if that fails, not the temporary one."""
    try:
        yield
    except OSError as wrong:
        raise InputError(f"{path}: cannot be written: {(wrong.strerror or str(wrong)).lower()}.") from None
