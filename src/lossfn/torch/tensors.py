"""Tensors as the arrays a kernel reads, and arrays as tensors: the same memory both ways."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
import torch

from lossfn.core.arrays import Array
from lossfn.core.errors import ArgumentError, DTypeError, say

Tensor = torch.Tensor
HALVES = (torch.float16, torch.bfloat16)
WITHOUT_FLOAT64 = frozenset(("mps",))
NUMBERS = frozenset(
    (torch.float32, torch.float64, *HALVES, torch.bool, torch.uint8, torch.int8, torch.int16, torch.int32, torch.int64)
)


def array_of(tensor: Tensor) -> Array:
    """Return the tensor's memory as an array."""
    if tensor.dtype is torch.bfloat16:
        from ml_dtypes import bfloat16

        return tensor.detach().view(torch.uint16).numpy().view(bfloat16)
    tensor = tensor.detach() if tensor.requires_grad else tensor
    found: Array = (tensor.resolve_neg() if tensor.is_neg() else tensor).numpy()
    return found


def tensor_of(array: Array) -> Tensor:
    """Return the array's memory as a tensor."""
    if array.dtype.kind == "V":  # ml_dtypes.bfloat16, the one kind of such an array that engines return
        return torch.from_numpy(array.view(np.uint16)).view(torch.bfloat16)
    return torch.from_numpy(array)


def together(named: Mapping[str, Any]) -> None:
    """Raise unless all arguments are tensors of real numbers on one device."""
    (first, one), *others = named.items()
    for name, value in named.items():
        if not isinstance(value, Tensor):
            expected, got = "a torch tensor, as the other arguments are", f"a {type(value).__name__}"
            raise DTypeError(say(name, expected=expected, got=got, fix=f"torch.as_tensor({name})"))
        if value.dtype not in NUMBERS or value.layout is not torch.strided:
            whole = not (value.dtype.is_floating_point or value.dtype.is_complex)
            kind, fix = ("layout", "to_dense") if value.dtype in NUMBERS else ("dtype", "long" if whole else "float")
            got = f"{kind} {getattr(value, kind)}"
            raise DTypeError(say(name, expected="a dense tensor of real numbers", got=got, fix=f"{name}.{fix}()"))
    for name, value in others:
        if value.device != one.device:
            expected, got = f"a tensor on {one.device} like {first}", f"one on {value.device}"
            raise ArgumentError(say(name, expected=expected, got=got, fix=f"{name}.to({first}.device)"))


def wide(tensor: Tensor) -> torch.dtype:
    """Return the widest dtype the tensor's device has: that of sums, and of losses of integers."""
    return torch.float32 if tensor.device.type in WITHOUT_FLOAT64 else torch.float64


def joint(predictions: tuple[Tensor, ...], target: Tensor) -> torch.dtype:
    """Return the dtype of the terms: mixed floats promote, integers follow the floats beside them."""
    floats = [t.dtype for t in (*predictions, target) if t.dtype.is_floating_point]
    if not floats:
        return wide(target)
    dtype = floats[0]
    for other in floats[1:]:
        dtype = torch.promote_types(dtype, other)
    return dtype


def each(change: Callable[[Any], Any], given: Any) -> Any:
    """Change one argument, or every one in a tuple; None stays."""
    if isinstance(given, tuple | list):
        return tuple(map(change, given))
    return None if given is None else change(given)
