"""Layers that only arrange: nothing is computed."""

from __future__ import annotations

import math

import numpy as np

from lossfn.core.errors import ShapeError, say
from lossfn.nn.layers.base import Array, Layer


class Flatten(Layer):
    """Every example as one row: (N, ...) becomes (N, features).

    Examples
    --------
    >>> import numpy as np
    >>> Flatten().forward(np.zeros((5, 4, 4, 2))).shape
    (5, 32)
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self._kept = x.shape
        return x.reshape(len(x), math.prod(x.shape[1:]))

    def backward(self, gradient: Array) -> Array:
        return gradient.reshape(self._recall())


class ChannelsLast(Layer):
    """Images of shape (N, channels, height, width), as torch has them, become (N, height, width, channels).

    Raises
    ------
    ShapeError
        An input that has not four axes.

    Examples
    --------
    >>> import numpy as np
    >>> ChannelsLast().forward(np.zeros((5, 3, 32, 32))).shape
    (5, 32, 32, 3)
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        if x.ndim != 4:
            raise ShapeError(say("x of ChannelsLast()", expected="shape (N, channels, height, width)", got=x.shape))
        return np.ascontiguousarray(x.transpose(0, 2, 3, 1))

    def backward(self, gradient: Array) -> Array:
        return gradient.transpose(0, 3, 1, 2)
