"""The short way of a small call: plain arrays in, one kernel, a number out.

It serves what a training loop does a million times; whatever is unusual takes the long way, which also words
the errors. Both ways run the same kernel, so they give the same bits.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core import logits
from lossfn.core.arrays import Array, joint, lies_apart, native_float
from lossfn.core.dispatch import Ask, chosen, plain_pass
from lossfn.core.reduction import LossSum

if TYPE_CHECKING:
    from lossfn.core.loss import Loss

SMALL = 8192
LARGE = 3e38  # a total that float32 holds; NaN is not below it either


def value(loss: Loss, prediction: Any, target: Any, reduction: str, axis: int, check: bool) -> Any:
    """Return the reduced value, or None where only the long way will do."""
    found = _pass(loss, prediction, target, reduction, axis, 0, check)
    if found is None:
        return None
    size, (run, scalar) = target.size, found
    total = run(size, 1.0, prediction, target)
    return scalar(total if reduction == "sum" else total / size) if abs(total) < LARGE else None


def value_and_grad(
    loss: Loss, prediction: Any, target: Any, reduction: str, axis: int, check: bool, out: Any
) -> tuple[Any, Any] | None:
    """Return the reduced value and its gradient, or None where only the long way will do."""
    found = _pass(loss, prediction, target, reduction, axis, 1, check)
    if found is None:
        return None
    if out is None:
        out = np.empty_like(prediction)
    elif not (_plain(out) and _receives(out, prediction) and lies_apart(out, (prediction, target), False)):
        return None
    size, (run, scalar) = target.size, found
    total = run(size, 1.0 / size if reduction == "mean" else 1.0, prediction, target, out)
    return (scalar(total if reduction == "sum" else total / size), out) if abs(total) < LARGE else None


def sum_and_grad(loss: Loss, prediction: Any, target: Any) -> tuple[LossSum, Any] | None:
    """Return the sum over a batch and the gradient of the reduced value, or None where only the long way will do."""
    found = _pass(loss, prediction, target, loss.reduction, -1, 1, True)
    if found is None:
        return None
    size, out = target.size, np.empty_like(prediction)
    total = found[0](size, 1.0 / size if loss.reduction == "mean" else 1.0, prediction, target, out)
    return (LossSum(total, float(size), size), out) if abs(total) < LARGE else None


def grad_and_hess(loss: Loss, prediction: Any, target: Any, axis: int, check: bool) -> tuple[Any, Any] | None:
    """Return gradient and hessian of each element, or None where only the long way will do."""
    found = _pass(loss, prediction, target, "sum", axis, 2, check)
    if found is None:
        return None
    gradient, hessian = np.empty_like(prediction), np.empty_like(prediction)
    total = found[0](target.size, 1.0, prediction, target, gradient, hessian)
    return (gradient, hessian) if abs(total) < LARGE else None


def sound_pass(loss: Loss, prediction: Any, target: Any, out: Any) -> Callable[..., float] | None:
    """Return run(size, scale, prediction, target, gradient, hessian) -> total for arrays like these.

    It writes derivatives in one prediction, times `scale`, into arrays like `out`; the total is as `Ask.sound` says.
    For whoever asks block by block, a thousand elements each: then all else costs as much as the kernel. None where
    only the long way will do.
    """
    plain = _plain(prediction) and _plain(target)
    if not plain or not 0 < prediction.size <= SMALL or target.shape != prediction.shape:
        return None
    key, memo = (chosen(), prediction.dtype, target.dtype, out.dtype), loss.memo
    if key not in memo:
        memo[key] = _prepared(loss, prediction, 2, True, 0, target.dtype, (out,))
    return memo[key][0] if memo[key] else None


def _plain(array: Any) -> bool:
    if type(array) is not np.ndarray:
        return False
    flags = array.flags
    return flags.c_contiguous and flags.aligned


def _receives(out: Array, prediction: Array) -> bool:
    return out.dtype == prediction.dtype and out.shape == prediction.shape and out.flags.writeable


def _pass(loss: Loss, prediction: Any, target: Any, reduction: str, axis: int, order: int, check: bool) -> Any:
    if not (_plain(prediction) and _plain(target)) or reduction not in ("mean", "sum"):
        return None
    shape, classes = prediction.shape, 0
    if target.shape != shape:
        if len(shape) != 2 or target.shape != shape[:1] or axis not in (-1, 1) or not hasattr(loss, "takes"):
            return None
        classes = shape[1]
        if check:
            logits.look(loss, prediction, True)
    if not 0 < prediction.size <= SMALL:
        return None
    key = (chosen(), order, check, classes, prediction.dtype, target.dtype)
    memo = loss.memo
    if key not in memo:
        memo[key] = _prepared(loss, prediction, order, check, classes, target.dtype)
    return memo[key]


def _prepared(
    loss: Loss,
    prediction: Any,
    order: int,
    check: bool,
    classes: int,
    target: np.dtype[Any],
    out: tuple[Any, ...] | None = None,
) -> Any:
    # Over classes a target holds labels, and the terms have the dtype of the scores.
    dtypes = (prediction.dtype,) if classes else (prediction.dtype, target)
    if any(native_float(dtype) != dtype for dtype in dtypes) or (order and not loss.differentiable):
        return None
    if not classes and check:
        logits.look(loss, prediction, False)
    names = tuple(loss.predictions) if order else ()
    pairs = tuple((name, name) for name in names) if order > 1 else ()
    ask = Ask(order, names, 1.0, False, check, out, pairs, sound=out is not None)
    run = plain_pass(loss, ask, (prediction.dtype, target), classes)
    return None if run is None else (run, np.float64 if joint(*dtypes) == np.float64 else np.float32)
