"""From the columns of a file to the arguments of a loss: how many, of which kind, from which set."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from lossfn.cli.faults import InputError, listed
from lossfn.cli.tables import Array, Table
from lossfn.core.domain import Choice
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.engines.reference import M


@dataclass(frozen=True)
class Named:
    """A table and what its columns are for."""

    table: Table
    prediction: list[str]
    target: list[str]
    weight: str | None = None
    by: str | None = None

    def __post_init__(self) -> None:
        """Let the name of a matrix stand for all its columns."""
        for part in ("prediction", "target"):
            object.__setattr__(self, part, [name for given in getattr(self, part) for name in self._expanded(given)])

    def _expanded(self, name: str) -> list[str]:
        inside = [column for column in self.table.columns if column.rpartition(".")[0] == name]
        return inside if inside and name not in self.table.columns else [name.strip()]

    def weights(self) -> Array | None:
        """Return the weights, none of them negative."""
        if self.weight is None:
            return None
        found = self.table.numbers(self.weight)
        self._refuse(found < 0, self.weight, found, "a weight of at least 0")
        return found

    def groups(self) -> Array | None:
        """Return the group of each row."""
        return None if self.by is None else self.table.raw(self.by)

    def cells(self, prediction: Any, target: Array, row: int) -> dict[str, Any]:
        """Return a row's predictions and targets by the names of their columns."""
        predicted = np.column_stack(prediction) if isinstance(prediction, tuple) else prediction
        pairs = ((self.prediction, predicted), (self.target, target))
        found = ((names, np.atleast_1d(values[row]).tolist()) for names, values in pairs)
        return {name: value for names, values in found for name, value in zip(names, values, strict=True)}

    def arguments(self, loss: Any) -> tuple[Any, Array]:
        """Return prediction and target as a loss takes them."""
        name = type(loss).__name__
        if isinstance(loss, Pointwise):
            return self._pointwise(loss, name)
        if len(self.prediction) < 2:
            fix = "--prediction p0,p1,p2"
            raise InputError(f"{name} takes a score for each class: expected several columns, got 1. Try: {fix}")
        scores = self._matrix(self.prediction)
        if isinstance(loss, Row) and len(self.target) == 1:
            return scores, self._labels(loss)
        dense = isinstance(loss, Distribution) or isinstance(loss.resolve(scores, scores, -1), Distribution)
        if not dense:
            raise InputError(f"{name} takes labels: expected one target column, got {len(self.target)}.")
        if len(self.target) != len(self.prediction):
            expected = f"a column for each of {len(self.prediction)} classes"
            raise InputError(f"{name} takes a distribution: expected {expected} in --target, got {len(self.target)}.")
        truth = self._matrix(self.target, finite=not getattr(loss, "log_target", False))
        self._within({"target": self.target}, {"target": truth}, loss)
        return scores, truth

    def _pointwise(self, loss: Any, name: str) -> tuple[Any, Array]:
        wanted, got = len(loss.predictions), len(self.prediction)
        if got != wanted:
            what = ", ".join(loss.predictions)
            expected = f"{wanted} columns ({what})" if wanted > 1 else "one column"
            hint = " Losses over classes, such as CrossEntropy, take several." if wanted == 1 else ""
            raise InputError(
                f"{name}: expected {expected} in --prediction, got {got}: {listed(self.prediction)}.{hint}"
            )
        if len(self.target) != 1:
            raise InputError(f"{name}: expected one column in --target, got {len(self.target)}: {listed(self.target)}.")
        given = [self.table.numbers(column) for column in self.prediction]
        truth = self.table.numbers(self.target[0])
        names = dict(zip(loss.predictions, self.prediction, strict=True)) | {"target": self.target[0]}
        values = dict(zip(loss.predictions, given, strict=True)) | {"target": truth}
        self._within({key: [column] for key, column in names.items()}, values, loss)
        return tuple(given) if wanted > 1 else given[0], truth

    def _matrix(self, names: list[str], finite: bool = False) -> Array:
        return np.column_stack([self.table.numbers(name, finite).astype(np.float64) for name in names])

    def _labels(self, loss: Any) -> Array:
        (column,), classes = self.target, len(self.prediction)
        found = self.table.raw(column)
        if found.dtype.kind == "O" and set(found) <= set(self.prediction):
            return np.array([self.prediction.index(label) for label in found])
        expected = f"a class number in 0 to {classes - 1}"
        if found.dtype.kind == "O":
            wrong = np.array([label not in self.prediction for label in found])
            self._refuse(wrong, column, found, f"{expected}, or the name of a prediction column")
        bad = (found < 0) | (found >= classes) | (found != np.floor(found))
        self._refuse(bad & (found != loss.ignore_index), column, found, expected, _ignoring(found, classes))
        return np.asarray(found, np.int64)

    def _within(self, names: dict[str, list[str]], values: dict[str, Array], loss: Any) -> None:
        for key, domain in loss.domains().items():
            outside = domain.outside(M, values[key].astype(np.float64))
            if outside is not None and np.any(outside):
                wrong = np.asarray(outside).reshape(len(values[key]), -1)
                place = int(np.argmax(wrong.any(axis=0)))
                column = values[key].reshape(len(wrong), -1)[:, place]
                hint = " Try: --labels pm1" if isinstance(domain, Choice) and set(column) <= {-1, 1} else ""
                self._refuse(wrong[:, place], names[key][place], column, f"a {key} in {domain}", hint, loss)

    def _refuse(
        self, bad: Array, column: str, found: Array, expected: str, hint: str = "", loss: Loss | None = None
    ) -> None:
        if bad.any():
            row = int(np.argmax(bad))
            got = repr(found[row]) if isinstance(found[row], str) else f"{found[row]:g}"
            owner = f"{type(loss).__name__} expects" if loss else "expected"
            raise InputError(
                f"{self.table.path}, {self.table.where(row)}, column {column!r}: {owner} {expected}, got {got}.{hint}"
            )


def _ignoring(found: Array, classes: int) -> str:
    if found.min() == 1 and found.max() == classes:
        return " Classes count from 0."
    return " To leave such rows out: --ignore-index -1" if found.min() == -1 else ""
