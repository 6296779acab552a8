"""Which way a call goes: to the kernels, or through tensor operations. Capability decides, never size."""

from __future__ import annotations

import sys
from collections.abc import Sequence

import torch
from torch.autograd import forward_ad

from lossfn.core.loss import Loss
from lossfn.torch import operations
from lossfn.torch.tensors import NUMBERS

PLAIN = (torch.Tensor, torch.nn.Parameter)


def direct(*tensors: torch.Tensor) -> bool:
    """Tell whether kernels may read these: plain dense tensors of numbers, on the processor, that nothing traces."""
    for t in tensors:
        if type(t) not in PLAIN or not t.is_cpu or t.dtype not in NUMBERS or t.layout is not torch.strided:
            return False
    return not (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or torch._C._len_torch_dispatch_stack()
        or torch._C._is_tracing()
    )


def spread(*tensors: torch.Tensor) -> bool:
    """Tell whether any of these tensors is a DTensor: none exists before its module is imported."""
    module = sys.modules.get("torch.distributed.tensor")
    return module is not None and any(isinstance(t, module.DTensor) for t in tensors)


def terms_of(
    loss: Loss,
    predictions: Sequence[torch.Tensor],
    target: torch.Tensor,
    weight: torch.Tensor | None,
    axis: int,
    check: bool,
) -> operations.Terms:
    """Return the terms of a loss as tensor operations."""
    given = (loss, predictions, target, weight, axis, check)
    if spread(*predictions, target, *(() if weight is None else (weight,))):
        from lossfn.torch.sharded import dtensors

        return dtensors.terms_of(*given)
    return operations.terms_of(*given)
