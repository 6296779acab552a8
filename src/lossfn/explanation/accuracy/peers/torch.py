"""The losses of PyTorch."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.core.arrays import Array

Answer = Callable[[Any, Array], tuple[Any, ...]]
NAMES = {
    "absolute_error": "l1_loss",
    "binary_cross_entropy": "binary_cross_entropy",
    "binary_cross_entropy_with_logits": "binary_cross_entropy_with_logits",
    "cross_entropy": "cross_entropy",
    "huber": "huber_loss",
    "negative_log_likelihood": "nll_loss",
    "poisson": "poisson_nll_loss",
    "smooth_l1": "smooth_l1_loss",
    "squared_error": "mse_loss",
}


def answer_of(name: str, dtype: np.dtype[Any]) -> Answer:
    """Return what computes the loss of that name."""
    function = getattr(import_module("torch").nn.functional, NAMES[name])

    def answer(prediction: Array, target: Array) -> tuple[Any, ...]:
        x = tensor(prediction, dtype).requires_grad_()
        return pulled(function(x, tensor(target, dtype), reduction="none"), x)

    return answer


def tensor(array: Array, dtype: np.dtype[Any]) -> Any:
    """Return labels as they are, numbers in the dtype."""
    torch: Any = import_module("torch")
    wide = torch.from_numpy(array if array.dtype == np.int64 else array.astype(np.float64))
    return wide if array.dtype == np.int64 else wide.to(getattr(torch, dtype.name))


def pulled(value: Any, x: Any) -> tuple[Any, Any]:
    """Return values and the slopes of their sum."""
    value.sum().backward()
    return value.detach().double().numpy(), x.grad.double().numpy()
