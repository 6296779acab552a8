"""The affine map."""

from __future__ import annotations

import numpy as np

from lossfn.nn.layers.base import Array, Layer, ones, require_sizes
from lossfn.nn.layers.initial import Init, draw_weights, require_init


class Linear(Layer):
    """The affine map y = x W + b, from shape (N, inputs) to shape (N, outputs).

    Parameters
    ----------
    inputs, outputs : int
        Number of columns of x and of y.
    init : {"xavier", "xavier_normal", "he", "he_normal", "lecun", "lecun_normal"}, default "xavier"
        Rule of the first weights: see `draw_weights`. The bias starts at 0.

    Attributes
    ----------
    weight, weight_gradient : array of shape (inputs, outputs)
    bias, bias_gradient : array of shape (outputs,)

    Raises
    ------
    OptionError
        A width below 1, or an unknown `init`.
    ShapeError
        An input without `inputs` columns.

    Examples
    --------
    >>> import numpy as np
    >>> layer = Linear(2, 1)
    >>> layer.weight[:] = [[2.0], [3.0]]
    >>> layer.forward(np.array([[1.0, 1.0]]), training=True)
    array([[5.]])
    >>> layer.backward(np.array([[1.0]]))
    array([[2., 3.]])
    >>> layer.weight_gradient.ravel()
    array([1., 1.])
    """

    weight: Array
    bias: Array
    weight_gradient: Array
    bias_gradient: Array

    def __init__(self, inputs: int, outputs: int, init: Init = "xavier") -> None:
        require_sizes("Linear", inputs=inputs, outputs=outputs)
        require_init(init)
        self.inputs, self.outputs, self.init = inputs, outputs, init
        self.shapes = {"weight": (inputs, outputs), "bias": (outputs,)}
        self.bind(np.zeros(self.size), np.zeros(self.size))

    def __repr__(self) -> str:
        return f"Linear({self.inputs}, {self.outputs}, init={self.init!r})"

    def initialize(self, generator: np.random.Generator) -> None:
        self.weight[:] = draw_weights(self.init, self.weight.shape, self.inputs, self.outputs, generator)
        self.bias[:] = 0.0

    def forward(self, x: Array, training: bool = False) -> Array:
        self._require_last_axis(x, self.inputs, ndim=2)
        if training:
            self._kept = x
        y: Array = x.dot(self.weight)  # less overhead than @, and small networks are overhead
        y += self.bias
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy W^T
        self.fill(gradient)
        slope: Array = gradient.dot(self.weight.T)
        return slope

    def fill(self, gradient: Array) -> None:
        # dL/dW = x^T dL/dy,  dL/db = sum over rows of dL/dy
        self._recall().T.dot(gradient, self.weight_gradient)
        ones(len(gradient), gradient.dtype).dot(gradient, self.bias_gradient)
