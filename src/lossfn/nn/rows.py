"""Examples that belong together: inputs, targets and weights, checked once and batched many times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from lossfn.core.errors import ArgumentError, ShapeError, TargetError, say
from lossfn.nn.layers import Array

PAGE = 1024


class Rows(NamedTuple):
    """Inputs x of shape (N, features), targets y of N rows, weights of shape (N,) or None."""

    x: Array
    y: NDArray[Any]
    weight: Array | None

    @classmethod
    def together(cls, x: Array, y: NDArray[Any], weight: Array | None) -> Rows:
        """Return rows whose parts have the same length, or say which has not."""
        _require_length("y", y, len(x))
        if weight is not None:
            _require_length("sample_weight", weight, len(x))
        return cls(x, y, weight)

    def weighted(self, class_weight: Sequence[float]) -> Rows:
        """Return the rows with their weights times that of their class.

        Raises
        ------
        ShapeError
            Targets that are not class numbers with a weight each.
        """
        labels = self.y.astype(np.intp)
        if labels.ndim != 1 or (labels != self.y).any() or not 0 <= labels.min() <= labels.max() < len(class_weight):
            expected, fix = "a weight for each class number in y", "balanced_weights(y)"
            raise ShapeError(say("class_weight", expected=expected, got=f"{len(class_weight)} weights", fix=fix))
        weight = np.asarray(class_weight, self.x.dtype)[labels]
        return self._replace(weight=weight if self.weight is None else self.weight * weight)

    def batches(self, size: int, order: NDArray[np.intp] | None = None) -> Iterator[Rows]:
        """Yield batches of `size` rows, the last one shorter, in an order of their numbers or as they stand."""
        if order is None:
            yield from self._slices(size)
            return
        # Many small batches are gathered together: one copy of a page instead of one a batch.
        page = max(PAGE // size, 1) * size
        for start in range(0, len(self.x), page):
            yield from self._taken(order[start : start + page])._slices(size)

    def _taken(self, index: NDArray[np.intp]) -> Rows:
        weight = None if self.weight is None else self.weight.take(index, axis=0)
        return Rows(self.x.take(index, axis=0), self.y.take(index, axis=0), weight)

    def _slices(self, size: int) -> Iterator[Rows]:
        for start in range(0, len(self.x), size):
            part = slice(start, start + size)
            yield Rows(self.x[part], self.y[part], None if self.weight is None else self.weight[part])


def finite_array(x: ArrayLike, dtype: np.dtype[Any]) -> Array:
    """Return `x` as an array of `dtype`; refuse an empty one and NaN or infinity, naming the first."""
    array = number_array("x", x, dtype)
    if array.ndim == 0 or array.size == 0:
        raise ShapeError(say("x", expected="at least one row and one column", got=f"shape {array.shape}"))
    if not np.isfinite(array).all():
        place = tuple(map(int, np.argwhere(~np.isfinite(array))[0]))
        got, cause = f"{array[place]} at {place}", "missing values"
        fix = "x = x[np.isfinite(x).all(axis=1)], with the same rows of y"
        if np.isfinite(given := float(np.asarray(x, np.float64)[place])):
            got, cause, fix = f"{given} at {place}", f"more than {dtype} holds", "features of one unit, by from_arrays"
        raise ArgumentError(say("x", expected="finite numbers", got=got, cause=cause, fix=fix))
    return array


def number_array(argument: str, values: ArrayLike, dtype: np.dtype[Any]) -> Array:
    """Return numbers as an array of `dtype`; refuse text, digits too."""
    found = np.asarray(values)
    if found.dtype.kind in "US" or (found.dtype.kind == "O" and any(isinstance(value, str) for value in found.flat)):
        fix = "names, y = np.unique(y, return_inverse=True)" if argument == "y" else ""
        raise TargetError(say(argument, expected="numbers", got="text", fix=fix))
    with np.errstate(over="ignore"):
        return np.asarray(found, dtype)


def _require_length(argument: str, array: NDArray[Any], rows: int) -> None:
    if array.ndim == 0 or len(array) != rows:
        expected = f"{rows} rows, one for each row of x"
        raise ShapeError(say(argument, expected=expected, got=f"shape {array.shape}"))
