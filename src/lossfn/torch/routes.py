"""Which way a call goes: to the kernels, or through tensor operations. Capability decides, never size."""

from __future__ import annotations

import torch
from torch.autograd import forward_ad

PLAIN = (torch.Tensor, torch.nn.Parameter)


def direct(*tensors: torch.Tensor) -> bool:
    """Tell whether kernels may read these tensors: plain ones, on the processor, that nothing traces."""
    if not all(type(t) in PLAIN and t.device.type == "cpu" for t in tensors):
        return False
    return not (
        torch.compiler.is_compiling()
        or torch._C._are_functorch_transforms_active()
        or forward_ad._current_level >= 0
        or torch._C._len_torch_dispatch_stack()
        or torch._C._is_tracing()
    )
