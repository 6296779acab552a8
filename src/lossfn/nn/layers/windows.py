"""Square windows that slide over images of shape (N, height, width, channels)."""

from __future__ import annotations

import numpy as np
from numpy.lib.stride_tricks import as_strided
from numpy.typing import DTypeLike

from lossfn.core.errors import ShapeError, say
from lossfn.nn.layers.base import Array


def places(length: int, size: int, stride: int) -> int:
    """Return at how many places a window of `size` fits on `length`, `stride` apart."""
    if length < size:
        raise ShapeError(say("x", expected=f"images of at least {size} x {size}", got=f"a side of {length}"))
    return (length - size) // stride + 1


def padded(x: Array, padding: int, dtype: DTypeLike) -> Array:
    """Return `x` with a border of zeros."""
    if not padding:
        return np.ascontiguousarray(x, dtype)
    images, height, width, channels = x.shape
    framed = np.zeros((images, height + 2 * padding, width + 2 * padding, channels), dtype)
    framed[:, padding : padding + height, padding : padding + width] = x
    return framed


def windows(x: Array, size: int, stride: int) -> Array:
    """Return a view of every window of contiguous images, shape (N, down, right, size, size * channels)."""
    images, height, width, channels = x.shape
    by_image, by_row, by_column, by_channel = x.strides
    # Neighbouring pixels of a row lie side by side: a row of a window is one run of size * channels numbers.
    shape = (images, places(height, size, stride), places(width, size, stride), size, size * channels)
    strides = (by_image, stride * by_row, stride * by_column, by_row, by_channel)
    return as_strided(x, shape, strides)


def taps(x: Array, size: int, stride: int) -> list[Array]:
    """Return, for each place in a window, the view of what lies there in all windows; row by row."""
    down, right = (stride * (places(length, size, stride) - 1) + 1 for length in x.shape[1:3])
    steps = [(row, column) for row in range(size) for column in range(size)]
    return [x[:, row : row + down : stride, column : column + right : stride] for row, column in steps]
