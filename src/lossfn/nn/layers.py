"""Layers with an explicit forward and backward pass, so that the chain rule can be read."""

from __future__ import annotations

import math
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from lossfn.core.errors import LossfnError, OptionError, ShapeError, say

Array = NDArray[np.floating[Any]]


class Layer:
    """One step of a network: `forward` keeps what `backward` needs, `backward` applies the chain rule.

    A layer with parameters says how many (`size`) and takes views into two flat vectors (`bind`);
    a layer without parameters writes `forward` and `backward` only.
    """

    _kept: Array | None = None

    @property
    def size(self) -> int:
        """Number of parameters."""
        return 0

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Use these two flat vectors of length `size` for the parameters and their gradients."""

    def initialize(self, generator: np.random.Generator) -> None:
        """Draw the first parameters from `generator`."""

    def forward(self, x: Array, training: bool = False) -> Array:
        """Return the output for `x`; with `training`, keep what `backward` needs."""
        raise NotImplementedError

    def backward(self, gradient: Array) -> Array:
        """Turn the slope in the output into the slope in the input; fill the parameter gradients.

        Raises
        ------
        LossfnError
            No forward pass in training mode came before.
        """
        raise NotImplementedError

    def fill(self, gradient: Array) -> None:
        """Fill the parameter gradients only: all that is needed of a network's first layer."""
        self.backward(gradient)

    def _recall(self) -> Array:
        if self._kept is None:
            owner, fix = f"{type(self).__name__}.backward", "forward(x, training=True) first"
            raise LossfnError(say(owner, expected="a forward pass in training mode", got="none", fix=fix))
        return self._kept


class Linear(Layer):
    """The affine map y = x W + b, from shape (N, inputs) to shape (N, outputs).

    Parameters
    ----------
    inputs, outputs : int
        Number of columns of x and of y.
    init : {"xavier", "he"}, default "xavier"
        Uniform weights in [-limit, limit] with limit² = 6 / (inputs + outputs) for "xavier" (before tanh or
        at the output) and 6 / inputs for "he" (before ReLU). The bias starts at 0.

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

    def __init__(self, inputs: int, outputs: int, init: Literal["xavier", "he"] = "xavier") -> None:
        if min(inputs, outputs) < 1:
            got = f"inputs={inputs}, outputs={outputs}"
            raise OptionError(say("inputs, outputs", expected="widths of at least 1", got=got))
        if init not in ("xavier", "he"):
            raise OptionError(say("init", expected="'xavier' or 'he'", got=repr(init)))
        self.inputs, self.outputs, self.init = inputs, outputs, init
        self.bind(np.zeros(self.size), np.zeros(self.size))

    def __repr__(self) -> str:
        return f"Linear({self.inputs}, {self.outputs}, init={self.init!r})"

    @property
    def size(self) -> int:
        return (self.inputs + 1) * self.outputs

    def bind(self, parameters: Array, gradients: Array) -> None:
        self.weight, self.bias = self._views(parameters)
        self.weight_gradient, self.bias_gradient = self._views(gradients)

    def initialize(self, generator: np.random.Generator) -> None:
        fan = self.inputs if self.init == "he" else self.inputs + self.outputs
        limit = math.sqrt(6.0 / fan)
        self.weight[:] = generator.uniform(-limit, limit, self.weight.shape)
        self.bias[:] = 0.0

    def forward(self, x: Array, training: bool = False) -> Array:
        if x.ndim != 2 or x.shape[1] != self.inputs:
            expected, fix = f"shape (N, {self.inputs})", f"x.reshape(-1, {self.inputs})"
            cause = "neighbouring layers of different widths, or 1-D data"
            raise ShapeError(say(f"x of {self!r}", expected=expected, got=x.shape, cause=cause, fix=fix))
        if training:
            self._kept = x
        y: Array = x @ self.weight
        y += self.bias
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy W^T
        self.fill(gradient)
        return gradient @ self.weight.T

    def fill(self, gradient: Array) -> None:
        # dL/dW = x^T dL/dy,  dL/db = sum over rows of dL/dy
        np.matmul(self._recall().T, gradient, out=self.weight_gradient)
        np.add.reduce(gradient, axis=0, out=self.bias_gradient)

    def _views(self, flat: Array) -> tuple[Array, Array]:
        cut = self.inputs * self.outputs
        return flat[:cut].reshape(self.inputs, self.outputs), flat[cut:]


class ReLU(Layer):
    """The positive part, y = max(x, 0), of any shape; its slope at 0 is taken as 0.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    def __repr__(self) -> str:
        return "ReLU()"

    def forward(self, x: Array, training: bool = False) -> Array:
        y: Array = np.maximum(x, 0)
        if training:
            self._kept = y
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy where y > 0, else 0
        return gradient * (self._recall() > 0)


class Tanh(Layer):
    """The hyperbolic tangent, y = tanh(x), of any shape.

    Examples
    --------
    >>> import numpy as np
    >>> Tanh().forward(np.array([[0.0, 20.0]]))
    array([[0., 1.]])
    """

    def __repr__(self) -> str:
        return "Tanh()"

    def forward(self, x: Array, training: bool = False) -> Array:
        y: Array = np.tanh(x)
        if training:
            self._kept = y
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy (1 - y²)
        y = self._recall()
        return gradient * (1 - y * y)
