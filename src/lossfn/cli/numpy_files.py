"""NPY with named fields and NPZ; pickled objects are never loaded."""

from __future__ import annotations

import math
import zipfile
import zlib
from functools import partial
from pathlib import Path
from typing import IO, Any

import numpy as np

from lossfn.cli.faults import InputError
from lossfn.cli.tables import Array, Column, Table, bounded, named

MATRIX = 2


def read(path: Path) -> Table:
    """Read a structured array, or an archive with an array for each column; a matrix `x` gives x.0, x.1 and so on."""
    try:
        with path.open("rb") as file:
            _bounded(path, file)
            file.seek(0)
            found = np.load(file, allow_pickle=False)
            arrays = _fields(path, found) if isinstance(found, np.ndarray) else dict(found)
    except (
        ValueError,
        EOFError,
        zipfile.BadZipFile,
        zlib.error,
        NotImplementedError,
        RuntimeError,
        OSError,
        MemoryError,
    ) as wrong:
        pickled = "pickle" in str(wrong).lower() and "Object arrays" in str(wrong)
        got = "pickled Python objects, which are never loaded" if pickled else "something else or a damaged one"
        kind = path.suffix.lower()[1:].upper()
        raise InputError(f"{path}: expected an {kind} file of plain numbers or text, got {got}.") from None
    columns: dict[str, Column] = {}
    for name, array in arrays.items():
        columns |= _columns(path, name, array)
    _same_lengths(path, arrays)
    named(path, columns)
    return Table(path, columns)


def _bounded(path: Path, file: IO[bytes]) -> None:
    """Compare what the heads of the arrays promise with the limits, and with what is there."""
    if not zipfile.is_zipfile(file):
        _head(path, file, path.stat().st_size)
        return
    with zipfile.ZipFile(file) as archive:
        members = archive.infolist()
        named(path, (member.filename for member in members))
        bounded(path, 0, sum(member.file_size for member in members))
        for member in members:
            with archive.open(member) as part:
                _head(path, part, member.file_size)


def _head(path: Path, file: IO[bytes], size: int) -> None:
    file.seek(0)
    version = np.lib.format.read_magic(file)
    if version not in ((1, 0), (2, 0)):
        raise ValueError("an unknown version")
    read = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
    try:
        shape, _, dtype = read(file)
    except Exception as wrong:  # the head is text that numpy takes apart: damage shows as any error at all
        raise ValueError("a damaged head") from wrong
    cells = math.prod(shape)
    bounded(path, cells, cells * dtype.itemsize)
    if not dtype.hasobject and (min(shape, default=0) < 0 or not dtype.itemsize or cells * dtype.itemsize > size):
        raise ValueError("less data than its head promises")


def _fields(path: Path, found: Array) -> dict[str, Array]:
    if found.dtype.names is None:
        fix = "Save columns by name: numpy.savez(file, target=…, prediction=…)"
        raise InputError(f"{path}: expected an array with named fields, got dtype {found.dtype}. {fix}")
    return {name: found[name] for name in found.dtype.names}


def _columns(path: Path, name: str, array: Array) -> dict[str, Column]:
    if array.ndim == MATRIX:
        named(path, map(str, range(array.shape[1])))
        return {f"{name}.{place}": partial(_column, path, name, array[:, place]) for place in range(array.shape[1])}
    if array.ndim != 1:
        raise InputError(f"{path}, column {name!r}: expected one or two dimensions, got shape {array.shape}.")
    return {name: partial(_column, path, name, array)}


def _column(path: Path, name: str, array: Any) -> Array:
    if array.dtype.kind in "biu":
        return np.asarray(array, np.int64)
    if array.dtype.kind == "f":
        return np.asarray(array, np.float64)
    if array.dtype.kind == "U":
        return np.asarray(array, object)
    raise InputError(f"{path}, column {name!r}: expected numbers or text, got dtype {array.dtype}.")


def _same_lengths(path: Path, arrays: dict[str, Array]) -> None:
    lengths = {name: len(array) for name, array in arrays.items()}
    (first, rows), *others = lengths.items() or [("", 0)]
    for name, other in others:
        if other != rows:
            raise InputError(
                f"{path}: expected columns of one length, got {rows} for {first!r} and {other} for {name!r}."
            )
