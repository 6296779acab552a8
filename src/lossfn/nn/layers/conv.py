"""Convolution as a product of windows and a kernel."""

from __future__ import annotations

import numpy as np

from lossfn.core.contraction import contract
from lossfn.nn.layers.base import Array, Layer, ones, require, require_sizes
from lossfn.nn.layers.initial import Init, draw_weights, require_init
from lossfn.nn.layers.windows import padded, windows


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
        fits = isinstance(padding, int | np.integer) and 0 <= padding < kernel_size
        require(fits, "Conv2d", "padding", f"a number from 0 to {kernel_size - 1}", padding)
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
        framed = padded(x, self.padding, self.weight.dtype)
        if training:
            self._kept = framed
        seen = windows(framed, self.kernel_size, self.stride)
        y: Array = np.empty((*seen.shape[:3], self.outputs), framed.dtype)
        y[:] = self.bias
        contract(seen, self._rows(self.weight), y)
        return y

    def fill(self, gradient: Array) -> None:
        # y = U w + b for the windows U:  dL/dw = U^T dL/dy,  dL/db = sum of dL/dy over the places
        gradient = np.ascontiguousarray(gradient, self.weight.dtype)
        seen = windows(self._recall(), self.kernel_size, self.stride)
        self.weight_gradient[:] = 0
        contract(seen.transpose(3, 4, 0, 1, 2), gradient, self._rows(self.weight_gradient))
        images, down, right, _ = gradient.shape
        by_image = ones(down * right, gradient.dtype) @ gradient.reshape(images, down * right, self.outputs)
        by_image.sum(axis=0, out=self.bias_gradient)

    def backward(self, gradient: Array) -> Array:
        # A pixel is reached through each tap from another place: dL/dx is a convolution of dL/dy, its places set
        # `stride` apart among zeros, with the kernel turned by 180° and its channels exchanged.
        self.fill(gradient)
        images, height, width, _ = self._recall().shape
        turned = np.ascontiguousarray(self.weight[::-1, ::-1].swapaxes(2, 3))
        sides = height - 2 * self.padding, width - 2 * self.padding
        slope: Array = np.zeros((images, *sides, self.inputs), self.weight.dtype)
        contract(windows(self._spread(gradient, *sides), self.kernel_size, 1), self._rows(turned), slope)
        return slope

    def _rows(self, kernel: Array) -> Array:
        return kernel.reshape(self.kernel_size, -1, kernel.shape[-1])

    def _spread(self, gradient: Array, height: int, width: int) -> Array:
        border = self.kernel_size - 1
        images, down, right, channels = gradient.shape
        spread = np.zeros((images, height + border, width + border, channels), self.weight.dtype)
        first = border - self.padding
        rows, columns = (slice(first, first + self.stride * (n - 1) + 1, self.stride) for n in (down, right))
        spread[:, rows, columns] = gradient
        return spread
