"""Chance against overfitting."""

from __future__ import annotations

import numpy as np

from lossfn.nn.layers.base import Array, Layer, require


class Dropout(Layer):
    """Each number is set to 0 with probability `rate` in training, the others are divided by 1 - rate.

    The expected output is the input, so nothing happens outside of training. A model reseeds the layer from
    its own generator.

    Parameters
    ----------
    rate : float, default 0.5
        In [0, 1).
    seed : int or numpy.random.Generator, default 0

    Raises
    ------
    OptionError
        A rate outside [0, 1).

    Examples
    --------
    >>> import numpy as np
    >>> Dropout(0.5).forward(np.ones((1, 4)), training=True)
    array([[2., 2., 2., 0.]])
    """

    generator: np.random.Generator

    def __init__(self, rate: float = 0.5, seed: int | np.random.Generator = 0) -> None:
        require(0 <= rate < 1, "Dropout", "rate", "a number in [0, 1)", rate)
        self.rate, self.generator = rate, np.random.default_rng(seed)

    def __repr__(self) -> str:
        return f"Dropout({self.rate})"

    def initialize(self, generator: np.random.Generator) -> None:
        self.generator = np.random.default_rng(generator.integers(2**63))

    def forward(self, x: Array, training: bool = False) -> Array:
        if not training:
            return x
        kept = self.generator.random(x.shape, np.float32) >= self.rate
        self._kept = np.multiply(kept, 1 / (1 - self.rate), dtype=x.dtype)
        y: Array = x * self._kept
        return y

    def backward(self, gradient: Array) -> Array:
        slope: Array = gradient * self._recall()
        return slope
