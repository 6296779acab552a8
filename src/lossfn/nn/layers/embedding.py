"""A table of vectors, one for each word, user or category."""

from __future__ import annotations

import numpy as np

from lossfn.core.errors import TargetError, say
from lossfn.nn.layers.base import Array, Layer, require_sizes


class Embedding(Layer):
    """Whole numbers of shape (N, ...) become vectors of shape (N, ..., width).

    Parameters
    ----------
    count, width : int
        Number of vectors, and their length.

    Attributes
    ----------
    weight, weight_gradient : array of shape (count, width)
        Standard normal at first.

    Raises
    ------
    OptionError
        A size below 1.
    TargetError
        A number that is no row of the table.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Embedding(3, 2)
    >>> layer.weight[:] = [[1, 2], [3, 4], [5, 6]]
    >>> layer.forward(np.array([[2.0, 0.0]]))
    array([[[5., 6.],
            [1., 2.]]])
    """

    weight: Array
    weight_gradient: Array

    def __init__(self, count: int, width: int) -> None:
        require_sizes("Embedding", count=count, width=width)
        self.count, self.width = count, width
        self.shapes = {"weight": (count, width)}
        self.bind(np.zeros(self.size), np.zeros(self.size))

    def __repr__(self) -> str:
        return f"Embedding({self.count}, {self.width})"

    def initialize(self, generator: np.random.Generator) -> None:
        self.weight[:] = generator.normal(size=self.weight.shape)

    def forward(self, x: Array, training: bool = False) -> Array:
        row = x.astype(np.intp)
        wrong = (row != x) | (row < 0) | (row >= self.count)
        if wrong.any():
            place = tuple(map(int, np.argwhere(wrong)[0]))
            expected = f"whole numbers from 0 to {self.count - 1}"
            raise TargetError(say(f"x of {self!r}", expected=expected, got=f"{x[place]} at {place}"))
        if training:
            self._kept = row
        return self.weight[row]

    def backward(self, gradient: Array) -> Array:
        # A row of the table gets the sum of the slopes of its uses; a whole number has no slope of its own.
        row = self._recall()
        self.weight_gradient[:] = 0
        np.add.at(self.weight_gradient, row, gradient)
        return np.zeros(row.shape, gradient.dtype)
