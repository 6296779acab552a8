"""The losses of optax."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.core.arrays import Array

Answer = Callable[[Any, Array], tuple[Any, ...]]
NAMES = {
    "binary_cross_entropy_with_logits": "sigmoid_binary_cross_entropy",
    "cross_entropy": "softmax_cross_entropy_with_integer_labels",
    "huber": "huber_loss",
    "log_cosh": "log_cosh",
    "squared_error": "squared_error",
}


def answer_of(name: str, dtype: np.dtype[Any]) -> Answer:
    """Return what computes the loss of that name."""
    jax: Any = import_module("jax")
    function = getattr(import_module("optax"), NAMES[name])

    def answer(prediction: Array, target: Array) -> tuple[Any, ...]:
        with jax.enable_x64(dtype == np.float64):
            value, pull = jax.vjp(lambda x: function(x, jax.numpy.asarray(target)), jax.numpy.asarray(prediction))
            return np.asarray(value, np.float64), np.asarray(pull(jax.numpy.ones_like(value))[0], np.float64)

    return answer
