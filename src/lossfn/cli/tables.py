"""Columns of a file by name, whatever its format; every fault names file, row and column."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.cli.faults import InputError, listed, meant

Array = NDArray[Any]
Column = Callable[[], Array]

READERS = {
    ".csv": "text_files",
    ".tsv": "text_files",
    ".txt": "text_files",
    ".parquet": "arrow_files",
    ".arrow": "arrow_files",
    ".feather": "arrow_files",
    ".ipc": "arrow_files",
    ".npy": "numpy_files",
    ".npz": "numpy_files",
}

# What a file may unpack to: more is refused before memory is asked for.
MOST_COLUMNS = 1 << 16
MOST_CELLS = 1 << 30
MOST_BYTES = 1 << 33


@dataclass(frozen=True)
class Table:
    """A file's columns, each read on demand as float64, int64 or text.

    Attributes
    ----------
    first_line
        Line of the file's first row, for files that have lines.
    """

    path: Path
    columns: dict[str, Column]
    lines: tuple[int, ...] | None = None

    def where(self, row: int) -> str:
        """Name a row, counted from 0, as a user counts: from 1."""
        line = f" (line {self.lines[row]})" if self.lines else ""
        return f"row {row + 1}{line}"

    def raw(self, name: str) -> Array:
        """Return a column as it is: numbers or text."""
        if name not in self.columns:
            there = f"It has {listed(self.columns)}."
            raise InputError(f"{self.path}: no column {name!r}. {meant(name, self.columns, there)}")
        found = self.columns[name]()
        if not len(found):
            raise InputError(f"{self.path}: expected rows of data, got none below the names of the columns.")
        return found

    def numbers(self, name: str, finite: bool = True) -> Array:
        """Return a column of numbers; NaN is refused, and infinity where `finite`."""
        found = self.raw(name)
        if found.dtype.kind not in "fiu":
            self._refuse_text(name, found)
        bad = ~np.isfinite(found) if finite else np.isnan(found)
        if bad.any():
            row = int(np.argmax(bad))
            expected = "a finite number" if finite else "a number"
            fix = "Fill or drop such rows first."
            raise InputError(
                f"{self.path}, {self.where(row)}, column {name!r}: expected {expected}, got {found[row]}. {fix}"
            )
        return found

    def _refuse_text(self, name: str, found: Array) -> None:
        from lossfn.cli.numbers import number

        row = next((place for place, text in enumerate(found) if number(str(text)) is None), 0)
        cell = str(found[row])
        comma = (
            " Write decimals with a point: 3.5." if "," in cell and number(cell.replace(",", ".")) is not None else ""
        )
        got = repr(cell) if cell else "an empty cell"
        raise InputError(f"{self.path}, {self.where(row)}, column {name!r}: expected a number, got {got}.{comma}")


def read(path: Path) -> Table:
    """Open a table by the ending of its name."""
    if path.suffix.lower() not in READERS:
        raise InputError(f"{path}: expected a name that ends in {', '.join(READERS)}, got {path.name!r}.")
    if path.is_dir():
        raise InputError(f"{path}: expected a file, got a folder.")
    if not path.exists():
        raise InputError(f"{path}: no such file.{_neighbour(path)}")
    if not path.stat().st_size:
        raise InputError(f"{path}: expected a table, got an empty file.")
    bounded(path, 0, path.stat().st_size)
    table: Table = import_module(f"lossfn.cli.{READERS[path.suffix.lower()]}").read(path)
    return table


def named(path: Path, names: Iterable[str]) -> list[str]:
    """Return the names of columns; refuse empty and double ones."""
    found: dict[str, int] = {}
    for place, name in enumerate(names, start=1):
        if place > MOST_COLUMNS:
            raise InputError(f"{path}: expected at most {MOST_COLUMNS} columns, got more.")
        if not name:
            raise InputError(f"{path}: expected a name for each column, got none for column {place}.")
        if name in found:
            raise InputError(f"{path}: expected names that differ, got {name!r} for columns {found[name]} and {place}.")
        found[name] = place
    return list(found)


def bounded(path: Path, cells: int, size: int) -> None:
    """Refuse a file that would unpack to more than the limits."""
    if cells > MOST_CELLS:
        raise InputError(f"{path}: expected at most {MOST_CELLS} cells, got {cells}.")
    if size > MOST_BYTES:
        raise InputError(f"{path}: expected at most {MOST_BYTES} bytes of data, got {size}.")


def _neighbour(path: Path) -> str:
    try:
        hint = meant(path.name, (other.name for other in path.parent.iterdir()), "", 0.75)
    except OSError:
        return ""
    return f" {hint}" if hint else ""
