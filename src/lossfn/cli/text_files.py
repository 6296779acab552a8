"""CSV: names in the first line, a strict grammar for numbers; a column with anything else in it is text."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import numpy as np

from lossfn.cli.faults import InputError
from lossfn.cli.numbers import NUMBER, WHOLE
from lossfn.cli.tables import Array, Table, named

DELIMITERS = (",", ";", "\t")


def read(path: Path) -> Table:
    """Read a file whose first line names the columns, separated by commas, semicolons or tabs."""
    text = _decoded(path)
    header, _, _ = text.partition("\n")
    delimiter = max(DELIMITERS, key=header.count)
    rows, lines = [], []
    for line, row in _rows(path, text, delimiter):
        rows.append(row)
        lines.append(line)
    names = named(path, (name.strip() for name in rows[0]))
    _same_lengths(path, rows, lines)
    cells = list(zip(*rows[1:], strict=True)) or [()] * len(names)
    columns = {name: partial(column, found) for name, found in zip(names, cells, strict=True)}
    return Table(path, dict(columns), tuple(lines[1:]))


def column(cells: tuple[str, ...]) -> Array:
    """Return cells as int64 if all are whole numbers, else float64 if all are numbers or nan, else text."""
    cells = tuple(cell.strip() for cell in cells)
    if all(map(WHOLE.fullmatch, cells)):
        whole = [int(cell) for cell in cells]
        return np.array(whole, np.int64 if all(abs(number) < 2**63 for number in whole) else np.float64)
    if all(NUMBER.fullmatch(cell) or cell.lower() == "nan" for cell in cells):
        return np.array([float(cell) for cell in cells])
    return np.array(cells, object)


def _decoded(path: Path) -> str:
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as wrong:
        line = content[: wrong.start].count(b"\n") + 1
        got = f"byte 0x{content[wrong.start]:02x} in line {line}"
        raise InputError(f"{path}: expected UTF-8 text, got {got}. Save the file as UTF-8 CSV.") from None


def _rows(path: Path, text: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    start = 1
    found = False
    try:
        for row in reader:
            if row:
                found = True
                yield start, row
            start = reader.line_num + 1
    except csv.Error as wrong:
        raise InputError(f"{path}, line {start}: expected quoted cells as CSV has them, got: {wrong}.") from None
    if not found:
        raise InputError(f"{path}: expected a table, got blank lines only.")


def _same_lengths(path: Path, rows: list[list[str]], lines: list[int]) -> None:
    wanted = len(rows[0])
    for place, row in enumerate(rows):
        if len(row) != wanted:
            expected = f"{wanted} cells, as in the first line"
            raise InputError(f"{path}, row {place} (line {lines[place]}): expected {expected}, got {len(row)}.")
