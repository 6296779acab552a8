"""What `torch.compile` meets: one function it takes as it is, to which a loss is known by its handle."""

from __future__ import annotations

import torch

from lossfn.core.registry import living
from lossfn.torch.function import Call
from lossfn.torch.tensors import HALVES, Tensor, joint


@torch._dynamo.nonstrict_trace
def by_operations(
    handle: str,
    predictions: tuple[Tensor, ...],
    target: Tensor,
    weights: tuple[Tensor, ...],
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
) -> Tensor:
    """Return the reduced value, or the terms, as tensor operations; `weights` holds the sample weights, if any."""
    call = Call(living(handle), reduction, axis, empty, check, result_dtype(predictions, target))
    return call.by_operations(weights[0] if weights else None, target, *predictions)


def result_dtype(predictions: tuple[Tensor, ...], target: Tensor) -> torch.dtype:
    """Return the dtype of a value: that of the inputs; under autocast no narrower than float32."""
    dtype = joint(predictions, target)
    return torch.float32 if dtype in HALVES and torch.is_autocast_enabled(target.device.type) else dtype
