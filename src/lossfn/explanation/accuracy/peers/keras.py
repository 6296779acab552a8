"""The losses of Keras, on its PyTorch backend unless another is chosen."""

from __future__ import annotations

import os
from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.explanation.accuracy.peers.torch import pulled, tensor

Answer = Callable[[Any, Array], tuple[Any, ...]]
LOGITS = {"from_logits": True}
NAMES: dict[str, tuple[str, dict[str, Any]]] = {
    "absolute_error": ("mean_absolute_error", {}),
    "binary_cross_entropy": ("binary_crossentropy", {}),
    "binary_cross_entropy_with_logits": ("binary_crossentropy", LOGITS),
    "cross_entropy": ("sparse_categorical_crossentropy", LOGITS),
    "hinge": ("hinge", {}),
    "huber": ("huber", {}),
    "log_cosh": ("log_cosh", {}),
    "squared_error": ("mean_squared_error", {}),
    "squared_hinge": ("squared_hinge", {}),
}


def answer_of(name: str, dtype: np.dtype[Any]) -> Answer:
    """Return what computes the loss of that name; the library takes means over the last axis, here of one element."""
    os.environ.setdefault("KERAS_BACKEND", "torch")
    loss, options = NAMES[name]
    function = getattr(import_module("keras.losses"), loss)

    def answer(prediction: Array, target: Array) -> tuple[Any, ...]:
        x, y = tensor(prediction, dtype).requires_grad_(), tensor(target, dtype)
        rows = prediction.ndim > 1
        return pulled(function(y, x, **options) if rows else function(y[:, None], x[:, None], **options), x)

    return answer
