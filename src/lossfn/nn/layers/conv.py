"""Convolution as a matrix product of unrolled windows, a few images at a time."""

from __future__ import annotations

import numpy as np

from lossfn.nn.layers.base import Array, Layer, ones, require, require_sizes
from lossfn.nn.layers.initial import Init, draw_weights, require_init
from lossfn.nn.layers.windows import groups, padded, places, unrolled


class Conv2d(Layer):
    """Square kernels slid over images of shape (N, height, width, inputs); cross-correlation, as in torch.

    Parameters
    ----------
    inputs, outputs : int
        Number of channels of x and of y.
    kernel_size : int
        Side of the kernels.
    stride, padding : int, default 1 and 0
        Pixels from one place to the next, and width of the border of zeros (below `kernel_size`).
    init : {"xavier", "xavier_normal", "he", "he_normal", "lecun", "lecun_normal"}, default "he"
        Rule of the first weights: see `draw_weights`. The bias starts at 0.

    Attributes
    ----------
    weight, weight_gradient : array of shape (kernel_size, kernel_size, inputs, outputs)
        torch's weight, of shape (outputs, inputs, kernel_size, kernel_size), is ``weight.transpose(3, 2, 0, 1)``.
    bias, bias_gradient : array of shape (outputs,)

    Raises
    ------
    OptionError
        A size or stride below 1, a padding outside [0, kernel_size), or an unknown `init`.
    ShapeError
        Images of another number of channels, or smaller than the kernels.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Conv2d(1, 1, kernel_size=2)
    >>> layer.weight[:] = 1
    >>> layer.forward(np.arange(9.0).reshape(1, 3, 3, 1))[0, :, :, 0]
    array([[ 8., 12.],
           [20., 24.]])
    """

    weight: Array
    bias: Array
    weight_gradient: Array
    bias_gradient: Array

    def __init__(
        self, inputs: int, outputs: int, kernel_size: int, stride: int = 1, padding: int = 0, init: Init = "he"
    ) -> None:
        require_sizes("Conv2d", inputs=inputs, outputs=outputs, kernel_size=kernel_size, stride=stride)
        require(0 <= padding < kernel_size, "Conv2d", "padding", f"a number from 0 to {kernel_size - 1}", padding)
        require_init(init)
        self.inputs, self.outputs, self.kernel_size = inputs, outputs, kernel_size
        self.stride, self.padding, self.init = stride, padding, init
        self.shapes = {"weight": (kernel_size, kernel_size, inputs, outputs), "bias": (outputs,)}
        self.bind(np.zeros(self.size), np.zeros(self.size))

    def __repr__(self) -> str:
        side = f"kernel_size={self.kernel_size}, stride={self.stride}, padding={self.padding}"
        return f"Conv2d({self.inputs}, {self.outputs}, {side})"

    def initialize(self, generator: np.random.Generator) -> None:
        area = self.kernel_size**2
        fans = area * self.inputs, area * self.outputs
        self.weight[:] = draw_weights(self.init, self.weight.shape, *fans, generator)
        self.bias[:] = 0.0

    def forward(self, x: Array, training: bool = False) -> Array:
        self._require_last_axis(x, self.inputs, ndim=4)
        if training:
            self._kept = x
        sides = (places(side + 2 * self.padding, self.kernel_size, self.stride) for side in x.shape[1:3])
        y: Array = np.empty((len(x), *sides, self.outputs), x.dtype)
        kernel = self.weight.reshape(-1, self.outputs)
        for group in groups(len(x), self._windows(y)):
            some = y[group].reshape(-1, self.outputs)
            np.matmul(self._unrolled(x[group]), kernel, out=some)
            some += self.bias
        return y

    def fill(self, gradient: Array) -> None:
        # y = U w + b for the matrix U of windows:  dL/dw = U^T dL/dy,  dL/db = sum of dL/dy over the places
        x, kernel = self._recall(), self.weight_gradient.reshape(-1, self.outputs)
        self.weight_gradient[:], self.bias_gradient[:] = 0, 0
        for group in groups(len(x), self._windows(gradient)):
            some = gradient[group].reshape(-1, self.outputs)
            kernel += self._unrolled(x[group]).T @ some
            self.bias_gradient += ones(len(some), x.dtype) @ some

    def backward(self, gradient: Array) -> Array:
        # A pixel is reached through each tap from another place: dL/dx is a convolution of dL/dy, its places set
        # `stride` apart among zeros, with the kernel turned by 180° and its channels exchanged.
        self.fill(gradient)
        x = self._recall()
        turned = np.ascontiguousarray(self.weight[::-1, ::-1].swapaxes(2, 3)).reshape(-1, self.inputs)
        slope: Array = np.empty(x.shape, x.dtype)
        for group in groups(len(x), x[0, ..., 0].size * turned[:, 0].nbytes):
            spread = self._spread(gradient[group], x.shape)
            np.matmul(unrolled(spread, self.kernel_size, 1), turned, out=slope[group].reshape(-1, self.inputs))
        return slope

    def _windows(self, y: Array) -> int:
        return y[0, ..., 0].size * self.weight[..., 0].nbytes

    def _unrolled(self, x: Array) -> Array:
        return unrolled(padded(x, self.padding), self.kernel_size, self.stride)

    def _spread(self, gradient: Array, shape: tuple[int, ...]) -> Array:
        border = self.kernel_size - 1
        images, down, right, channels = gradient.shape
        spread = np.zeros((images, shape[1] + border, shape[2] + border, channels), gradient.dtype)
        first = border - self.padding
        rows, columns = (slice(first, first + self.stride * (n - 1) + 1, self.stride) for n in (down, right))
        spread[:, rows, columns] = gradient
        return spread
