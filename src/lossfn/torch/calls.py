"""The questions of `lossfn.core.calls`, answered for torch tensors."""

from __future__ import annotations

from typing import Any

import torch

from lossfn.core import calls
from lossfn.core.errors import DerivativeError, DTypeError, say
from lossfn.core.loss import Loss
from lossfn.core.reduction import LossSum
from lossfn.torch import operations, origins
from lossfn.torch.compiled import by_operations, result_dtype
from lossfn.torch.function import Call, Native, joined
from lossfn.torch.routes import direct, spread, terms_of
from lossfn.torch.tensors import Tensor, array_of, each, joint, tensor_of, together


def value(
    loss: Loss,
    prediction: Any,
    target: Any,
    sample_weight: Any,
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
) -> Tensor:
    """Answer a plain call: a tensor that backpropagates to predictions and target."""
    calls.known(reduction)
    predictions, weights = _several(prediction), () if sample_weight is None else (sample_weight,)
    plain = direct(*predictions, target, *weights)
    if weights or not plain:
        _checked(loss, prediction, target, sample_weight)
    if not plain:
        traced: Tensor = by_operations(loss.handle, predictions, target, weights, reduction, axis, empty, check)
        return traced
    origins.look(loss, predictions[0])
    dtype = result_dtype(predictions, target)
    if reduction == "none":
        predictions = tuple(p.to(dtype) for p in predictions) if dtype != joint(predictions, target) else predictions
    return _by_kernels(Call(loss, reduction, axis, empty, check, dtype), predictions, target, sample_weight)


def value_and_grad(
    loss: Loss,
    prediction: Any,
    target: Any,
    sample_weight: Any,
    reduction: str,
    axis: int,
    empty: str,
    check: bool,
    wrt: str,
    out: Any,
) -> tuple[Any, Any]:
    """Answer `value_and_grad` in tensors that are constants to autograd."""
    given = _arrays(loss, prediction, target, sample_weight)
    for part in () if out is None else _several(out):
        together({"prediction": _several(prediction)[0], "out": part})
    outs = each(array_of, out)
    found, gradient = calls.value_and_grad(loss, *given, reduction, axis, empty, check, wrt, outs)
    dtype = joint(_several(prediction), target)
    value = torch.scalar_tensor(found, dtype=dtype) if reduction != "none" else tensor_of(found)
    return value, each(tensor_of, gradient) if out is None else out


def grad_and_hess(
    loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool
) -> tuple[Any, Any]:
    """Answer `grad_and_hess` in tensors that are constants to autograd."""
    gradient, hessian = calls.grad_and_hess(loss, *_arrays(loss, prediction, target, sample_weight), axis, check)
    return each(tensor_of, gradient), each(tensor_of, hessian)


def hessian_matrix(loss: Loss, prediction: Any, target: Any, sample_weight: Any, check: bool) -> Tensor:
    """Answer `hessian_matrix` in a tensor that is a constant to autograd."""
    return tensor_of(calls.hessian_matrix(loss, *_arrays(loss, prediction, target, sample_weight), check))


def accumulate(loss: Loss, prediction: Any, target: Any, sample_weight: Any, axis: int, check: bool) -> LossSum:
    """Answer `accumulate`: the total is a tensor that backpropagates, in float32 at least."""
    predictions = _checked(loss, prediction, target, sample_weight)
    weights = () if sample_weight is None else (sample_weight,)
    if not direct(*predictions, target, *weights):
        return operations.accumulated(terms_of(loss, predictions, target, sample_weight, axis, check))
    dtype = torch.promote_types(result_dtype(predictions, target), torch.float32)
    total: Any = _by_kernels(Call(loss, "sum", axis, "zero", check, dtype), predictions, target, sample_weight)
    _, batch = calls.prepared(loss, *_arrays(loss, prediction, target, sample_weight), axis)
    return LossSum(total, batch.denominator, batch.count)


def _by_kernels(call: Call, predictions: tuple[Tensor, ...], target: Tensor, sample_weight: Tensor | None) -> Tensor:
    if torch.is_grad_enabled() and (target.requires_grad or any(p.requires_grad for p in predictions)):
        found: Tensor = Native.apply(call, sample_weight, target, *predictions)  # type: ignore[no-untyped-call]
        return found
    return call.value(joined(predictions), array_of(target), each(array_of, sample_weight))


def _several(prediction: Any) -> tuple[Any, ...]:
    return tuple(prediction) if isinstance(prediction, tuple | list) else (prediction,)


def _checked(loss: Loss, prediction: Any, target: Any, sample_weight: Any) -> tuple[Tensor, ...]:
    predictions = _several(prediction)
    names = loss.predictions if len(loss.predictions) == len(predictions) else ["prediction"] * len(predictions)
    named = dict(zip(names, predictions, strict=True)) | {"target": target}
    together(named if sample_weight is None else named | {"sample_weight": sample_weight})
    if sample_weight is not None and sample_weight.requires_grad:
        raise DerivativeError(
            say("sample_weight", expected="a constant", got="requires_grad=True", fix="sample_weight.detach()")
        )
    return predictions


def _arrays(loss: Loss, prediction: Any, target: Any, sample_weight: Any) -> tuple[Any, Any, Any]:
    if spread(*_checked(loss, prediction, target, sample_weight), target):
        fix = "loss(prediction, target).backward(), or prediction.full_tensor()"
        raise DTypeError(say("prediction", expected="plain tensors for this question", got="a DTensor", fix=fix))
    weight = None if sample_weight is None else array_of(sample_weight)
    return each(array_of, prediction), array_of(target), weight
