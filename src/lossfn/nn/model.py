"""A chain of layers whose parameters and gradients are two flat vectors."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from itertools import dropwhile
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike

from lossfn.core.errors import OptionError, ShapeError, say
from lossfn.nn.layers import Array, Layer
from lossfn.nn.summary import table


class Sequential:
    """Layers applied one after another.

    All parameters live in one flat vector, all gradients in another; the layers hold views into them, so an
    optimizer step is a few operations on `parameters` whatever the depth. Everything is computed in `dtype`:
    inputs of another type are converted.

    Parameters
    ----------
    layers : sequence of Layer, or mapping of names to layers
        A sequence gets the names "linear0", "tanh1", "linear2", ...
    seed : int or numpy.random.Generator, default 0
        Source of the first parameters, drawn layer by layer.
    dtype : {"float32", "float64"}, default "float32"
        Type of parameters, gradients and outputs.

    Attributes
    ----------
    layers : dict of str to Layer
        The layers by name, in order.
    parameters, gradients : array of shape (P,)
        Every parameter, and the slope of the loss in it after `backward`.

    Raises
    ------
    OptionError
        No layer, something else, a layer used twice, or another dtype.

    Examples
    --------
    >>> import numpy as np
    >>> from lossfn.nn import Linear, Sequential, Tanh
    >>> model = Sequential([Linear(1, 16), Tanh(), Linear(16, 1)], seed=0)
    >>> model.parameters.shape, list(model.layers)
    ((49,), ['linear0', 'tanh1', 'linear2'])
    >>> model.predict([[0.5], [1.0]]).shape
    (2, 1)
    """

    _output_shape: tuple[int, ...] | None = None

    def __init__(
        self,
        layers: Sequence[Layer] | Mapping[str, Layer],
        seed: int | np.random.Generator = 0,
        dtype: DTypeLike = np.float32,
    ) -> None:
        self.layers = dict(layers) if isinstance(layers, Mapping) else _named(layers)
        self._check(np.dtype(dtype))
        size = sum(layer.size for layer in self.layers.values())
        self.parameters: Array = np.zeros(size, dtype)
        self.gradients: Array = np.zeros(size, dtype)
        self._bind()
        generator = np.random.default_rng(seed)
        for layer in self.layers.values():
            layer.initialize(generator)

    def __repr__(self) -> str:
        chain = ", ".join(f"{name!r}: {layer!r}" for name, layer in self.layers.items())
        return f"Sequential({{{chain}}}, dtype={self.dtype.name!r})"

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Restore a pickle or deep copy, in which every array is its own, and make the layers share again."""
        self.__dict__.update(state)
        self._bind()

    @property
    def dtype(self) -> np.dtype[Any]:
        """Type of parameters, gradients and outputs."""
        return self.parameters.dtype

    def forward(self, x: ArrayLike, training: bool = False) -> Array:
        """Return the output of the last layer.

        Parameters
        ----------
        x : array_like of shape (N, ...)
            Examples.
        training : bool, default False
            Keep (a copy of the input and) what `backward` needs.

        Returns
        -------
        array of shape (N, ...)
        """
        # The copy keeps `backward` right even if the caller changes x in place before it.
        y: Array = np.array(x, self.dtype, copy=True if training else None)
        for layer in self.layers.values():
            y = layer.forward(y, training)
        if training:
            self._output_shape = y.shape
        return y

    def backward(self, gradient: ArrayLike) -> Array:
        """Fill `gradients` and return the gradient in the input.

        Parameters
        ----------
        gradient : array_like of the shape of the output
            Slope of the loss in the output of the last `forward(x, training=True)`.

        Returns
        -------
        array of the shape of the input

        Raises
        ------
        ShapeError
            A gradient of another shape than the output.
        LossfnError
            No forward pass in training mode came before.
        """
        # dL/dx = dL/dy dy/dx, layer by layer from the last to the first
        slope = self._checked(gradient)
        for layer in reversed(self.layers.values()):
            slope = layer.backward(slope)
        return slope

    def fill(self, gradient: ArrayLike) -> None:
        """Fill `gradients` as `backward` does, but spare the slopes before the first parameters, which nobody needs."""
        slope = self._checked(gradient)
        trained = list(dropwhile(lambda layer: not layer.size, self.layers.values()))
        for layer in reversed(trained[1:]):
            slope = layer.backward(slope)
        if trained:
            trained[0].fill(slope)

    def predict(self, x: ArrayLike) -> Array:
        """Return the output for `x`, keeping nothing."""
        return self.forward(x)

    def summary(self, shape: Sequence[int]) -> str:
        """Return a table of the layers: the shape of each one's output for one example, and its parameters.

        Parameters
        ----------
        shape : sequence of int
            Shape of one example.

        Examples
        --------
        >>> from lossfn.nn import Linear, Sequential, Tanh
        >>> print(Sequential([Linear(1, 16), Tanh(), Linear(16, 1)]).summary([1]))
        name     layer                         output  parameters
        linear0  Linear(1, 16, init='xavier')      16          32
        tanh1    Tanh()                            16           0
        linear2  Linear(16, 1, init='xavier')       1          17
        total                                                  49
        """
        return table(self.layers, np.zeros((1, *shape), self.dtype))

    def astype(self, dtype: DTypeLike) -> Sequential:
        """Return a copy that computes in `dtype`.

        Examples
        --------
        >>> from lossfn.nn import Linear, Sequential
        >>> Sequential([Linear(1, 1)]).astype("float64").predict([[0.0]])
        array([[0.]])
        """
        self._check(np.dtype(dtype))
        other = copy.deepcopy(self)
        other.parameters, other.gradients = self.parameters.astype(dtype), self.gradients.astype(dtype)
        other._bind()
        return other

    def tensors(self) -> dict[str, Array]:
        """Return views of all parameters and running averages, named "layer.name".

        Examples
        --------
        >>> from lossfn.nn import Linear, Sequential
        >>> list(Sequential([Linear(1, 1)]).tensors())
        ['linear0.weight', 'linear0.bias']
        """
        found: dict[str, Array] = {}
        for name, layer in self.layers.items():
            found |= {f"{name}.{parameter}": getattr(layer, parameter) for parameter in layer.shapes}
            found |= {f"{name}.{average}": array for average, array in layer.memory.items()}
        return found

    def _checked(self, gradient: ArrayLike) -> Array:
        slope: Array = np.asarray(gradient, self.dtype)
        if self._output_shape not in (None, slope.shape):
            expected, fix = f"shape {self._output_shape}, that of the output", "gradient.reshape(output.shape)"
            raise ShapeError(say("gradient", expected=expected, got=slope.shape, fix=fix))
        return slope

    def _bind(self) -> None:
        start = 0
        for layer in self.layers.values():
            part = slice(start, start + layer.size)
            layer.bind(self.parameters[part], self.gradients[part])
            start += layer.size

    def _check(self, dtype: np.dtype[Any]) -> None:
        if not self.layers:
            raise OptionError(say("layers", expected="at least one layer", got="none"))
        strange = [layer for layer in self.layers.values() if not isinstance(layer, Layer)]
        if strange:
            fix = f"{strange[0].__name__}()" if isinstance(strange[0], type) else ""
            raise OptionError(say("layers", expected="objects of type Layer", got=repr(strange[0]), fix=fix))
        if len(set(map(id, self.layers.values()))) < len(self.layers):
            raise OptionError(say("layers", expected="distinct objects", got="one layer twice"))
        if dtype not in (np.float32, np.float64):
            raise OptionError(say("dtype", expected="float32 or float64", got=dtype.name))


def _named(layers: Sequence[Layer]) -> dict[str, Layer]:
    return {f"{type(layer).__name__.lower()}{index}": layer for index, layer in enumerate(layers)}
