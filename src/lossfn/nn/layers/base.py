"""What a layer is."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from numbers import Integral
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.core.errors import LossfnError, OptionError, ShapeError, say

Array = NDArray[np.floating[Any]]


class Layer:
    """One step of a network: `forward` keeps what `backward` needs, `backward` applies the chain rule.

    A layer with parameters names them and their shapes (`shapes`); `bind` makes attributes of these names, and
    of these names with `_gradient`, which are views into two flat vectors. A layer without parameters writes
    `forward` and `backward` only. Images have shape (N, height, width, channels).

    Attributes
    ----------
    memory : mapping of str to array
        What changes in training without a gradient, such as running averages.
    generator : numpy.random.Generator or None
        Source of the layer's own chance.
    """

    shapes: Mapping[str, tuple[int, ...]] = MappingProxyType({})
    memory: Mapping[str, Array] = MappingProxyType({})
    generator: np.random.Generator | None = None
    _kept: Any = None

    def __repr__(self) -> str:
        return f"{type(self).__name__}()"

    @property
    def size(self) -> int:
        """Number of parameters."""
        return sum(map(math.prod, self.shapes.values()))

    def bind(self, parameters: Array, gradients: Array) -> None:
        """Use these two flat vectors of length `size` for the parameters and their gradients."""
        start = 0
        for name, shape in self.shapes.items():
            part = slice(start, start + math.prod(shape))
            setattr(self, name, parameters[part].reshape(shape))
            setattr(self, f"{name}_gradient", gradients[part].reshape(shape))
            start = part.stop

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

    def _recall(self) -> Any:
        if self._kept is None:
            owner, fix = f"{type(self).__name__}.backward", "forward(x, training=True) first"
            raise LossfnError(say(owner, expected="a forward pass in training mode", got="none", fix=fix))
        return self._kept

    def _require_last_axis(self, x: Array, width: int, ndim: int | None = None) -> None:
        if x.ndim < 2 or x.shape[-1] != width or ndim not in (None, x.ndim):
            form = {2: f"(N, {width})", 4: f"(N, height, width, {width})"}.get(ndim or 0, f"(N, ..., {width})")
            fix = f"x.reshape(-1, {width})" if ndim == 2 else "the layer ChannelsLast() first, for (N, channels, ...)"
            cause = "neighbouring layers of different widths, or another order of the axes"
            raise ShapeError(say(f"x of {self!r}", expected=f"shape {form}", got=x.shape, cause=cause, fix=fix))


@lru_cache(maxsize=64)
def ones(count: int, dtype: np.dtype[Any]) -> Array:
    """Return a vector of ones: its product with a matrix is the quickest sum of the rows."""
    return np.ones(count, dtype)


def require_sizes(owner: str, **sizes: int) -> None:
    """Refuse a size below 1."""
    if not all(isinstance(size, Integral) and size >= 1 for size in sizes.values()):
        got = ", ".join(f"{name}={size!r}" for name, size in sizes.items())
        raise OptionError(say(f"{', '.join(sizes)} of {owner}", expected="whole numbers of at least 1", got=got))


def require(holds: bool, owner: str, argument: str, expected: str, got: object) -> None:
    """Refuse an option outside its range."""
    if not holds:
        raise OptionError(say(f"{argument} of {owner}", expected=expected, got=got))
