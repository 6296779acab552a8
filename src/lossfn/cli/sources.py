"""The data a training runs on: a data set by name, or a file and the column to predict."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from lossfn.cli.faults import InputError, listed, meant
from lossfn.cli.tables import READERS, Array, Table, read
from lossfn.core.answers import kind
from lossfn.core.errors import ShapeError
from lossfn.core.loss import Loss
from lossfn.nn import DATASETS, Dataset, from_arrays
from lossfn.nn.data import TaskName

MOST_CLASSES, FEWEST = 1000, 10


def source(name: str, loss: Loss, target: str | None, features: str | None, seed: int) -> Dataset:
    """Return a data set by its name, or the rows of a file."""
    if name.lower().replace("-", "_") in DATASETS:
        if target or features:
            raise InputError(
                f"--target and --features name columns of a file, and {name} is a data set of the library."
            )
        return DATASETS[name.lower().replace("-", "_")](seed)
    path = Path(name)
    if not path.suffix and not path.exists():
        hint = meant(name, DATASETS, f"The data sets are {listed(DATASETS)}; files end in {', '.join(READERS)}.")
        raise InputError(f"no data set {name!r}. {hint}")
    return _of_file(read(path), loss, target, features, seed)


def _of_file(table: Table, loss: Loss, target: str | None, features: str | None, seed: int) -> Dataset:
    if target is None:
        raise InputError(f"{table.path}: which column is to be predicted? Try: --target {list(table.columns)[-1]}")
    y = _target(table, target, loss)
    names = features.split(",") if features else [name for name in table.columns if name != target]
    if target in names or not names:
        raise InputError(f"{table.path}: expected columns to predict {target!r} from, got {listed(names) or 'none'}.")
    if len(y) < FEWEST:
        raise InputError(f"{table.path}: expected at least {FEWEST} rows to train on, got {len(y)}.")
    x = np.column_stack([_feature(table, name) for name in names])
    task: TaskName = "regression" if kind(loss) == "numbers" else "classification"
    try:
        return from_arrays(x, y, task, name=table.path.name, feature_names=names, seed=seed)
    except ShapeError:
        raise InputError(
            f"{table.path}, column {target!r}: expected at least 3 rows of some class, got fewer."
        ) from None


def _feature(table: Table, name: str) -> Array:
    try:
        return table.numbers(name)
    except InputError as wrong:
        raise InputError(f"{wrong} To leave a column out, name the others: --features a,b") from None


def _target(table: Table, name: str, loss: Loss) -> Array:
    found = table.raw(name)
    if kind(loss) == "numbers":
        return _numbers(table, name, found, loss)
    if found.dtype.kind == "f":
        found = table.numbers(name)
        broken = found != np.floor(found)
        if broken.any():
            row = int(np.argmax(broken))
            raise InputError(
                f"{table.path}, {table.where(row)}, column {name!r}: {type(loss).__name__} is for {kind(loss)}, "
                f"got {found[row]:g}. For numbers take a loss such as SquaredError or Huber."
            )
        found = found.astype(np.int64)
    empty = found.astype(str) == "" if found.dtype.kind == "O" else np.zeros(len(found), bool)
    if empty.any():
        raise InputError(
            f"{table.path}, {table.where(int(np.argmax(empty)))}, column {name!r}: expected a class, got an empty cell."
        )
    classes = len(set(found.tolist()))
    if not 2 <= classes <= MOST_CLASSES:
        raise InputError(f"{table.path}, column {name!r}: expected 2 to {MOST_CLASSES} classes, got {classes}.")
    return found


def _numbers(table: Table, name: str, found: Array, loss: Loss) -> Array:
    try:
        return table.numbers(name)
    except InputError as wrong:
        text = found.dtype.kind == "O"
        hint = f" {type(loss).__name__} is for numbers; for classes take CrossEntropy." if text else ""
        raise InputError(f"{wrong}{hint}") from None
