"""Examples in a training and a test part."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import OptionError, ShapeError, say
from lossfn.nn.layers import Array
from lossfn.nn.rows import finite_array, number_array

TaskName = Literal["regression", "classification"]


@dataclass(frozen=True)
class Dataset:
    """Examples split into a training and a test part.

    Attributes
    ----------
    x_train, x_test : array of shape (N, features), float64
        Every feature with mean 0 and standard deviation 1 over the *training* part.
    y_train, y_test : array of shape (N,)
        Class numbers 0, 1, 2, ... (int64), or values in their own unit (float64).
    feature_names, class_names : tuple of str
        No class names in a regression.
    """

    name: str
    task: TaskName
    x_train: Array = field(repr=False)
    y_train: NDArray[Any] = field(repr=False)
    x_test: Array = field(repr=False)
    y_test: NDArray[Any] = field(repr=False)
    feature_names: tuple[str, ...]
    class_names: tuple[str, ...]


def from_arrays(
    x: ArrayLike,
    y: ArrayLike,
    task: TaskName,
    *,
    name: str = "arrays",
    feature_names: Sequence[str] = (),
    class_names: Sequence[str] = (),
    test_fraction: float = 0.2,
    seed: int = 0,
) -> Dataset:
    """Split arrays into a training and a test part and standardise the features on the former.

    Parameters
    ----------
    x : array_like of shape (N,) or (N, ...)
        Numbers; axes after the second are flattened.
    y : array_like of shape (N,) or, in a regression, (N, outputs)
        Values, or classes of any sortable type: they are numbered in their order.
    task : {"regression", "classification"}
        A classification is split class by class, in the same proportions.
    name, feature_names, class_names : str and sequences of str, optional
        Names to show.
    test_fraction : float, default 0.2
        Share of the rows in the test part.
    seed : int, default 0
        Same seed, same split.

    Returns
    -------
    Dataset

    Raises
    ------
    ShapeError
        x and y of different lengths, or too few rows to fill both parts.
    ArgumentError
        NaN or infinity in x.
    OptionError
        Another task, or a fraction outside (0, 1).

    Examples
    --------
    >>> data = from_arrays([1.0, 2.0, 3.0, 4.0], ["a", "b", "a", "b"], "classification", test_fraction=0.5)
    >>> data.class_names, data.y_test.tolist()
    (('a', 'b'), [0, 1])
    """
    table = finite_array(x, np.dtype(np.float64))
    table = table.reshape(len(table), -1)
    target, class_names = _numbered(y, task, class_names)
    if target.ndim == 0 or len(target) != len(table):
        raise ShapeError(say("y", expected=f"{len(table)} rows, one for each row of x", got=target.shape))
    labels = target if task == "classification" else None
    train, test = split_rows(len(table), test_fraction, seed, labels)
    x_train, x_test = _standardised(table[train], table[test])
    features = tuple(feature_names) or tuple(f"x{column}" for column in range(table.shape[1]))
    return Dataset(name, task, x_train, target[train], x_test, target[test], features, tuple(class_names))


def split_rows(
    rows: int,
    test_fraction: float = 0.2,
    seed: int = 0,
    labels: NDArray[Any] | None = None,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the row numbers of a training and of a test part, each in ascending order.

    With `labels` of shape (rows,) each class is split in the same proportion. Same seed, same split.

    Raises
    ------
    OptionError
        A fraction outside (0, 1).
    ShapeError
        Too few rows to fill both parts.

    Examples
    --------
    >>> train, test = split_rows(5, test_fraction=0.4)
    >>> len(train), len(test)
    (3, 2)
    """
    if not 0 < test_fraction < 1:
        raise OptionError(say("test_fraction", expected="a number in (0, 1)", got=test_fraction))
    generator = np.random.default_rng(seed)
    groups = [np.arange(rows)] if labels is None else [np.flatnonzero(labels == k) for k in np.unique(labels)]
    drawn = [generator.permutation(group)[: round(test_fraction * len(group))] for group in groups]
    in_test = np.isin(np.arange(rows), np.concatenate(drawn))
    if in_test.all() or not in_test.any():
        raise ShapeError(say("rows", expected="enough for a training and a test part", got=rows))
    return np.flatnonzero(~in_test), np.flatnonzero(in_test)


def center_and_width(x: Array) -> tuple[Array, Array]:
    """Return mean and standard deviation of each column, without overflow; of a constant itself and 1."""
    low, high = x.min(axis=0), x.max(axis=0)
    # A power of two changes no digit.
    unit = np.ldexp(1.0, np.frexp(np.maximum(np.abs(low), np.abs(high)))[1] - 1)
    shrunk = x / unit
    mean, deviation = shrunk.mean(axis=0) * unit, shrunk.std(axis=0) * unit
    constant = low == high
    return np.where(constant, low, mean), np.where(constant | (deviation == 0), 1.0, deviation)


def _numbered(y: ArrayLike, task: TaskName, names: Sequence[str]) -> tuple[NDArray[Any], Sequence[str]]:
    if task == "regression":
        return number_array("y", y, np.dtype(np.float64)), ()
    if task == "classification":
        found, numbers = np.unique(np.asarray(y), return_inverse=True)
        return numbers, names or [str(label) for label in found]
    raise OptionError(say("task", expected="'regression' or 'classification'", got=repr(task)))


def _standardised(train: Array, test: Array) -> tuple[Array, Array]:
    # x <- (x - mean) / deviation; a constant feature keeps its unit
    mean, deviation = center_and_width(train)
    return (train - mean) / deviation, (test - mean) / deviation
