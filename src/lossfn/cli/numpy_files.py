"""NPY with named fields and NPZ; pickled objects are never loaded."""

from __future__ import annotations

import zipfile
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lossfn.cli.faults import InputError
from lossfn.cli.tables import Array, Column, Table, named

MATRIX = 2


def read(path: Path) -> Table:
    """Read a structured array, or an archive with an array for each column; a matrix `x` gives x.0, x.1 and so on."""
    try:
        with path.open("rb") as file:
            found = np.load(file, allow_pickle=False)
            arrays = _fields(path, found) if isinstance(found, np.ndarray) else dict(found)
    except (ValueError, EOFError, zipfile.BadZipFile, OSError) as wrong:
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


def _fields(path: Path, found: Array) -> dict[str, Array]:
    if found.dtype.names is None:
        fix = "Save columns by name: numpy.savez(file, target=…, prediction=…)"
        raise InputError(f"{path}: expected an array with named fields, got dtype {found.dtype}. {fix}")
    return {name: found[name] for name in found.dtype.names}


def _columns(path: Path, name: str, array: Array) -> dict[str, Column]:
    if array.ndim == MATRIX:
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
