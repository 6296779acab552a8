"""Functions applied to each number: any shape in, the same shape out."""

from __future__ import annotations

import numpy as np

from lossfn.nn.layers.base import Array, Layer, require


class ReLU(Layer):
    """The positive part, y = max(x, 0); its slope at 0 is taken as 0.

    Examples
    --------
    >>> import numpy as np
    >>> ReLU().forward(np.array([[-1.0, 2.0]]))
    array([[0., 2.]])
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        y: Array = np.maximum(x, 0)
        if training:
            self._kept = y
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy where y > 0, else 0
        slope: Array = gradient * (self._recall() > 0)
        return slope


class LeakyReLU(Layer):
    """x where it is positive, else a small multiple of it, so that no unit dies.

    Parameters
    ----------
    slope : float, default 0.01
        Slope for x <= 0, in [0, 1).

    Raises
    ------
    OptionError
        A slope outside [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> LeakyReLU(0.1).forward(np.array([[-1.0, 2.0]]))
    array([[-0.1,  2. ]])
    """

    def __init__(self, slope: float = 0.01) -> None:
        require(0 <= slope < 1, "LeakyReLU", "slope", "a number in [0, 1)", slope)
        self.slope = slope

    def __repr__(self) -> str:
        return f"LeakyReLU({self.slope})"

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self._kept = x
        y: Array = np.maximum(x, self.slope * x)
        return y

    def backward(self, gradient: Array) -> Array:
        return np.where(self._recall() > 0, gradient, self.slope * gradient)


class ELU(Layer):
    """x where it is positive, else alpha (e^x - 1): smooth for alpha 1, and never below -alpha.

    Parameters
    ----------
    alpha : float, default 1.0

    Raises
    ------
    OptionError
        alpha <= 0.

    Examples
    --------
    >>> import numpy as np
    >>> ELU().forward(np.array([[-1.0, 2.0]])).round(4)
    array([[-0.6321,  2.    ]])
    """

    def __init__(self, alpha: float = 1.0) -> None:
        require(alpha > 0, "ELU", "alpha", "a positive number", alpha)
        self.alpha = alpha

    def __repr__(self) -> str:
        return f"ELU({self.alpha})"

    def forward(self, x: Array, training: bool = False) -> Array:
        y: Array = np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))
        if training:
            self._kept = y
        return y

    def backward(self, gradient: Array) -> Array:
        # d alpha (e^x - 1) / dx = alpha e^x = y + alpha
        y = self._recall()
        return np.where(y > 0, gradient, gradient * (y + self.alpha))


class Sigmoid(Layer):
    """The logistic function, y = 1 / (1 + e^-x).

    Examples
    --------
    >>> import numpy as np
    >>> Sigmoid().forward(np.array([[0.0, -1000.0]]))
    array([[0.5, 0. ]])
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        # e^-|x| cannot overflow
        e = np.exp(-np.abs(x))
        y: Array = np.where(x >= 0, 1, e) / (1 + e)
        if training:
            self._kept = y
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy y (1 - y)
        y: Array = self._recall()
        return gradient * (y * (1 - y))


class Tanh(Layer):
    """The hyperbolic tangent, y = tanh(x).

    Examples
    --------
    >>> import numpy as np
    >>> Tanh().forward(np.array([[0.0, 20.0]]))
    array([[0., 1.]])
    """

    def forward(self, x: Array, training: bool = False) -> Array:
        y: Array = np.tanh(x)
        if training:
            self._kept = y
        return y

    def backward(self, gradient: Array) -> Array:
        # dL/dx = dL/dy (1 - y²)
        y: Array = self._recall()
        slope = y * y
        np.subtract(1, slope, out=slope)
        slope *= gradient
        return slope


class Softplus(Layer):
    """log(1 + e^x), a smooth ReLU whose slope is the logistic function.

    Examples
    --------
    >>> import numpy as np
    >>> Softplus().forward(np.array([[0.0, 80.0]])).round(4)
    array([[ 0.6931, 80.    ]])
    """

    def __init__(self) -> None:
        self._slope = Sigmoid()

    def forward(self, x: Array, training: bool = False) -> Array:
        if training:
            self._kept = self._slope.forward(x)
        # max(x, 0) + log(1 + e^-|x|) cannot overflow
        y: Array = np.maximum(x, 0) + np.log1p(np.exp(-np.abs(x)))
        return y

    def backward(self, gradient: Array) -> Array:
        slope: Array = gradient * self._recall()
        return slope
