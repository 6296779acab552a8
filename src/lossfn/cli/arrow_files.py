"""Parquet and Arrow, read by pyarrow."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

import numpy as np

from lossfn.cli.faults import InputError
from lossfn.cli.tables import Array, Table, bounded, named


def read(path: Path) -> Table:
    """Read a Parquet file, or an Arrow file (also called Feather)."""
    try:
        import pyarrow as arrow
        from pyarrow import feather, parquet
    except ImportError:
        raise InputError(f'{path}: Parquet and Arrow files need pyarrow. Try: pip install "lossfn[data]"') from None
    try:
        if path.suffix.lower() == ".parquet":
            head = parquet.read_metadata(path)
            groups = (head.row_group(place).total_byte_size for place in range(head.num_row_groups))
            bounded(path, head.num_rows * head.num_columns, sum(groups))
            found = parquet.read_table(path)
        else:
            found = feather.read_table(path)
        bounded(path, found.num_rows * found.num_columns, found.nbytes)
    except (arrow.ArrowException, OSError, ValueError, KeyError, MemoryError) as wrong:
        kind = "a Parquet" if path.suffix.lower() == ".parquet" else "an Arrow"
        raise InputError(
            f"{path}: expected {kind} file, got something else or a damaged one ({_first(wrong)})."
        ) from None
    names = named(path, found.column_names)
    return Table(path, {name: partial(_column, path, name, found.column(name)) for name in names})


def _column(path: Path, name: str, found: Any) -> Array:
    from pyarrow import types

    kind = found.type
    if types.is_dictionary(kind):
        found, kind = found.cast(kind.value_type), kind.value_type
    if found.null_count:
        row = found.is_null().to_pylist().index(True) + 1
        raise InputError(
            f"{path}, row {row}, column {name!r}: expected a value, got an empty cell. Fill or drop such rows."
        )
    if types.is_boolean(kind) or types.is_integer(kind):
        return np.asarray(found.to_numpy(), np.int64)
    if types.is_floating(kind) or types.is_decimal(kind):
        return np.asarray(found.cast("float64").to_numpy())
    if types.is_string(kind) or types.is_large_string(kind) or types.is_string_view(kind):
        try:
            return np.array(found.to_pylist(), object)
        except UnicodeDecodeError:
            raise InputError(f"{path}, column {name!r}: expected UTF-8 text, got other bytes.") from None
    raise InputError(f"{path}, column {name!r}: expected numbers or text, got {kind}.")


def _first(error: Exception) -> str:
    return str(error).partition("\n")[0].rstrip(".")
