"""Numbers brought to mean 0 and variance 1, then scaled and shifted by learned parameters."""

from __future__ import annotations

import numpy as np

from lossfn.core.errors import ShapeError, say
from lossfn.nn.layers.base import Array, Layer, require, require_sizes


class _Norm(Layer):
    # x̂ = (x - mean) / sqrt(variance + eps),  y = scale x̂ + shift

    scale: Array
    shift: Array
    scale_gradient: Array
    shift_gradient: Array

    def __init__(self, features: int, eps: float) -> None:
        require_sizes(type(self).__name__, features=features)
        require(eps > 0, type(self).__name__, "eps", "a positive number", eps)
        self.features, self.eps = features, eps
        self.shapes = {"scale": (features,), "shift": (features,)}
        self.bind(np.ones(self.size), np.zeros(self.size))
        self.shift[:] = 0

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.features})"

    def initialize(self, generator: np.random.Generator) -> None:
        self.scale[:], self.shift[:] = 1, 0

    def _normalised(self, x: Array, mean: Array, variance: Array, training: bool) -> Array:
        inverse = 1 / np.sqrt(variance + self.eps)
        hat: Array = (x - mean) * inverse
        if training:
            self._kept = hat, inverse
        return hat * self.scale + self.shift

    def _pulled_back(self, gradient: Array, axis: int | tuple[int, ...]) -> Array:
        # dL/dx = (d - mean(d) - x̂ mean(d x̂)) / sqrt(variance + eps),  d = dL/dy scale, means over `axis`
        hat, inverse = self._recall()
        rows = tuple(range(gradient.ndim - 1))
        self.scale_gradient[:] = np.sum(gradient * hat, axis=rows)
        self.shift_gradient[:] = np.sum(gradient, axis=rows)
        d = gradient * self.scale
        middle, lean = (np.mean(part, axis=axis, keepdims=True) for part in (d, d * hat))
        slope: Array = (d - middle - hat * lean) * inverse
        return slope


class LayerNorm(_Norm):
    """Normalises each example over its last axis.

    Ba, Kiros and Hinton (2016), https://arxiv.org/abs/1607.06450

    Parameters
    ----------
    features : int
        Length of the last axis.
    eps : float, default 1e-5
        Added to the variance.

    Raises
    ------
    OptionError
        A size below 1, or eps <= 0.
    ShapeError
        A last axis of another length.

    Examples
    --------
    >>> import numpy as np
    >>> LayerNorm(2).forward(np.array([[1.0, 3.0], [10.0, 30.0]])).round(3)
    array([[-1.,  1.],
           [-1.,  1.]])
    """

    def __init__(self, features: int, eps: float = 1e-5) -> None:
        super().__init__(features, eps)

    def forward(self, x: Array, training: bool = False) -> Array:
        self._require_last_axis(x, self.features)
        mean, variance = x.mean(axis=-1, keepdims=True), x.var(axis=-1, keepdims=True)
        return self._normalised(x, mean, variance, training)

    def backward(self, gradient: Array) -> Array:
        return self._pulled_back(gradient, -1)


class BatchNorm(_Norm):
    """Normalises each feature (last axis) over the batch, and over height and width of images.

    Outside of training the running averages of mean and variance stand for those of the batch.
    Ioffe and Szegedy (2015), https://arxiv.org/abs/1502.03167

    Parameters
    ----------
    features : int
        Length of the last axis.
    momentum : float, default 0.1
        Share of the newest batch in the running averages, in (0, 1].
    eps : float, default 1e-5
        Added to the variance.

    Attributes
    ----------
    memory : dict of str to array of shape (features,)
        The running "mean" and "variance"; the latter of N - 1 degrees of freedom, as torch has it.

    Raises
    ------
    OptionError
        A size below 1, eps <= 0, or a momentum outside (0, 1].
    ShapeError
        A last axis of another length, or a training batch with one value a feature.

    Examples
    --------
    >>> import numpy as np
    >>> BatchNorm(2).forward(np.array([[1.0, 10.0], [3.0, 30.0]]), training=True).round(3)
    array([[-1., -1.],
           [ 1.,  1.]])
    """

    memory: dict[str, Array]

    def __init__(self, features: int, momentum: float = 0.1, eps: float = 1e-5) -> None:
        require(0 < momentum <= 1, "BatchNorm", "momentum", "a number in (0, 1]", momentum)
        self.momentum = momentum
        self.memory = {"mean": np.zeros(max(features, 1)), "variance": np.ones(max(features, 1))}
        super().__init__(features, eps)

    def bind(self, parameters: Array, gradients: Array) -> None:
        super().bind(parameters, gradients)
        self.memory = {name: np.asarray(average, parameters.dtype) for name, average in self.memory.items()}

    def initialize(self, generator: np.random.Generator) -> None:
        super().initialize(generator)
        self.memory["mean"][:], self.memory["variance"][:] = 0, 1

    def forward(self, x: Array, training: bool = False) -> Array:
        self._require_last_axis(x, self.features)
        if not training:
            return self._normalised(x, self.memory["mean"], self.memory["variance"], training)
        rows, count = tuple(range(x.ndim - 1)), x.size // self.features
        if count < 2:
            expected, cause = "at least two values a feature in training", "a last batch of one row"
            fix = "another batch_size"
            raise ShapeError(say(f"x of {self!r}", expected=expected, got=x.shape, cause=cause, fix=fix))
        mean, variance = x.mean(axis=rows), x.var(axis=rows)
        self._remember("mean", mean)
        self._remember("variance", variance * (count / (count - 1)))
        return self._normalised(x, mean, variance, training)

    def backward(self, gradient: Array) -> Array:
        return self._pulled_back(gradient, tuple(range(gradient.ndim - 1)))

    def _remember(self, name: str, newest: Array) -> None:
        average = self.memory[name]
        average += self.momentum * (newest - average)
