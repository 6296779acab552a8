"""One number for each window of an image and each channel."""

from __future__ import annotations

import numpy as np

from lossfn.core.errors import ShapeError, say
from lossfn.core.pooling import hand_back, largest
from lossfn.nn.layers.base import Array, Layer, require_sizes
from lossfn.nn.layers.windows import taps, windows


class _Pool(Layer):
    def __init__(self, kernel_size: int, stride: int | None = None) -> None:
        self.kernel_size, self.stride = kernel_size, kernel_size if stride is None else stride
        require_sizes(type(self).__name__, kernel_size=kernel_size, stride=self.stride)

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.kernel_size}, stride={self.stride})"

    def _require_images(self, x: Array) -> None:
        if x.ndim != 4:
            raise ShapeError(say(f"x of {self!r}", expected="shape (N, height, width, channels)", got=x.shape))


class MaxPool2d(_Pool):
    """The largest number of each window; among equals the first, row by row, gets the slope, as in torch.

    Parameters
    ----------
    kernel_size : int
        Side of the windows.
    stride : int, optional
        Pixels from one window to the next; `kernel_size` by default.

    Raises
    ------
    OptionError
        A size or stride below 1.
    ShapeError
        An input that has not four axes, or images smaller than the windows.

    Examples
    --------
    >>> import numpy as np
    >>> MaxPool2d(2).forward(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 5.,  7.],
           [13., 15.]])
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        self._require_images(x)
        seen = self._windows(np.ascontiguousarray(x, np.result_type(x, np.float32)))
        y: Array = np.empty((*seen.shape[:3], seen.shape[5]), seen.dtype)
        place = np.empty(y.shape, np.int32)
        largest(seen, y, place)
        if training:
            self._kept = x.shape, y.dtype, place
        return y

    def backward(self, gradient: Array) -> Array:
        shape, dtype, place = self._recall()
        slope: Array = np.zeros(shape, dtype)
        hand_back(np.ascontiguousarray(gradient, dtype), place, self._windows(slope))
        return slope

    def _windows(self, x: Array) -> Array:
        seen = windows(x, self.kernel_size, self.stride)
        return seen.reshape(*seen.shape[:4], self.kernel_size, x.shape[3])


class AvgPool2d(_Pool):
    """The mean of each window.

    Parameters
    ----------
    kernel_size : int
        Side of the windows.
    stride : int, optional
        Pixels from one window to the next; `kernel_size` by default.

    Raises
    ------
    OptionError
        A size or stride below 1.
    ShapeError
        An input that has not four axes, or images smaller than the windows.

    Examples
    --------
    >>> import numpy as np
    >>> AvgPool2d(2).forward(np.arange(16.0).reshape(1, 4, 4, 1))[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]])
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        self._require_images(x)
        first, *others = self._taps(x)
        if training:
            self._kept = x.shape
        y: Array = first.copy()
        for tap in others:
            y += tap
        return y / self.kernel_size**2

    def backward(self, gradient: Array) -> Array:
        slope = np.zeros(self._recall(), gradient.dtype)
        for into in self._taps(slope):
            into += gradient / self.kernel_size**2
        return slope

    def _taps(self, x: Array) -> list[Array]:
        return taps(x, self.kernel_size, self.stride)
