"""From what a caller passes to arrays a kernel can read: dtypes, shapes, weights, labels."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np

from lossfn.core.errors import DTypeError, ShapeError, TargetError, WeightError, say

Array = np.ndarray[Any, np.dtype[Any]]
FLOATS = ("float32", "float64", "float16", "bfloat16")


def as_array(value: Any, name: str) -> Array:
    """Return a numeric array without copying where that can be avoided; refuse what has no numbers."""
    if type(value) is np.ndarray and (value.dtype.kind in "iub" or is_float(value)):
        return value
    if isinstance(value, np.ma.MaskedArray):
        raise DTypeError(
            say(
                name,
                expected="a plain array",
                got="a masked array",
                cause="its hidden values would be read",
                fix=f"{name}.filled(0), sample_weight=~{name}.mask",
            )
        )
    module = type(value).__module__.partition(".")[0]
    if module in ("torch", "jax", "jaxlib", "tensorflow"):
        raise DTypeError(say(name, expected="a NumPy array", got=f"a {module} array", fix=f"numpy.asarray({name})"))
    array = value.to_numpy() if hasattr(value, "to_numpy") else _converted(value, name)
    if array.dtype.kind not in "iub" and not is_float(array):
        raise DTypeError(say(name, expected=_KINDS, got=f"dtype {array.dtype}", fix=f"{name}.astype(numpy.float64)"))
    return array


_KINDS = "real numbers as float16, bfloat16, float32, float64, integers or bool"


def _converted(value: Any, name: str) -> Array:
    try:
        return np.asarray(value)
    except ValueError as error:
        raise ShapeError(say(name, expected="rows of equal length", got=str(error))) from None


@lru_cache(maxsize=256)
def native_float(dtype: np.dtype[Any]) -> np.dtype[Any] | None:
    """Return a floating dtype in native byte order, None for any other."""
    return dtype.newbyteorder("=") if dtype.name in FLOATS else None


def is_float(array: Array) -> bool:
    """Tell whether the dtype is a floating one."""
    return native_float(array.dtype) is not None


def float_dtype(array: Array) -> np.dtype[Any]:
    """Return the dtype of a prediction's gradient: its own, native byte order; float64 for integers."""
    return native_float(array.dtype) or np.dtype(np.float64)


@lru_cache(maxsize=1024)
def joint(*dtypes: np.dtype[Any]) -> np.dtype[Any]:
    """Return the dtype of the terms: mixed floats promote, integers follow the floats beside them."""
    floats = [found for dtype in dtypes if (found := native_float(dtype)) is not None]
    if {found.name for found in floats} >= {"float16", "bfloat16"}:  # NumPy knows no dtype that holds both
        floats = [np.promote_types(np.float32, found) for found in floats]
    return np.result_type(*floats) if floats else np.dtype(np.float64)


def promote(*arrays: Array) -> np.dtype[Any]:
    """Return the dtype of the terms of these arrays."""
    return joint(*(array.dtype for array in arrays))


def empty_like(array: Array) -> Array:
    """Return memory for a derivative in an array."""
    return np.empty(array.shape, float_dtype(array))


def lies_apart(out: Array, read: tuple[Array, ...], in_step: bool) -> bool:
    """Tell whether writing `out` spoils nothing still to be read; `in_step`, what was read may be written over."""
    return not any(np.may_share_memory(out, array) and not (in_step and _one_place(out, array)) for array in read)


def _one_place(out: Array, array: Array) -> bool:
    same = (out.shape, out.strides, out.dtype) == (array.shape, array.strides, array.dtype)
    return same and out.ctypes.data == array.ctypes.data


def same_shape(prediction: Array, target: Array, name: str = "target") -> None:
    """Raise unless the shapes are equal: nothing is broadcast."""
    if prediction.shape == target.shape:
        return
    fix = f"{name}.reshape({prediction.shape})" if prediction.size == target.size else ""
    cause = "a column vector beside a flat one" if fix and 1 in prediction.shape + target.shape else ""
    got = f"shape {target.shape}"
    raise ShapeError(say(name, expected=f"shape {prediction.shape} like prediction", got=got, cause=cause, fix=fix))


def as_weight(sample_weight: Any, shape: tuple[int, ...]) -> Array | None:
    """Return weights as float64 of `shape`, from shape (N,) or the terms' own shape."""
    if sample_weight is None:
        return None
    weight = as_array(sample_weight, "sample_weight").astype(np.float64)
    if weight.shape != shape and weight.ndim == 1 and shape[:1] == weight.shape:
        weight = weight.reshape(weight.shape + (1,) * (len(shape) - 1))
    elif weight.shape != shape:
        first = f" or {shape[:1]}" if len(shape) > 1 else ""
        raise ShapeError(say("sample_weight", expected=f"shape {shape}{first}", got=f"shape {weight.shape}"))
    if weight.size and not (weight.min() >= 0 and np.isfinite(weight.max())):
        place = int(np.flatnonzero(~((weight >= 0) & np.isfinite(weight)))[0])
        got = f"{weight.flat[place]} at position {place}"
        raise WeightError(say("sample_weight", expected="finite numbers >= 0", got=got))
    return np.broadcast_to(weight, shape)


def as_labels(target: Array, shape: tuple[int, ...], classes: int) -> Array:
    """Return class labels of `shape` flat as int64; their range is left to the kernel."""
    if target.dtype.kind not in "iub":
        bad = f"{target.flat[0]} of dtype {target.dtype}" if target.size else f"dtype {target.dtype}"
        fix = "target.astype(numpy.int64), of a tensor target.long(); or probabilities of the prediction's shape"
        raise TargetError(say("target", expected=f"integer labels in [0, {classes})", got=bad, fix=fix))
    if target.shape != shape:
        fix = f"target.reshape({shape})" if target.size == np.prod(shape) else ""
        cause = "the class axis is the last one unless axis= says otherwise" if not fix else "a column of labels"
        if target.ndim > len(shape) and target.size == np.prod(shape) * classes and classes > 1:
            cause = "labels written one-hot"
            fix = "target.argmax(axis=-1), or target.astype(float) where the loss takes probabilities"
        got = f"shape {target.shape}"
        raise ShapeError(say("target", expected=f"labels of shape {shape}", got=got, cause=cause, fix=fix))
    if target.dtype == np.uint64 and target.size and target.max() > np.iinfo(np.int64).max:
        flat = target.reshape(-1)
        row = int(np.argmax(flat > np.iinfo(np.int64).max))
        raise TargetError(say("target", expected=f"labels in [0, {classes})", got=f"{flat[row]} at row {row}"))
    return np.ascontiguousarray(target, dtype=np.int64).reshape(-1)


def bad_label(labels: Array, valid: Array | None, classes: int) -> None:
    """Raise `TargetError` naming the first label outside [0, classes) in a row that counts."""
    wrong = (labels < 0) | (labels >= classes)
    if valid is not None:
        wrong &= valid
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        got = f"{labels[row]} at row {row}"
        cause = "an ignored class without ignore_index=, or labels that start at 1"
        raise TargetError(say("target", expected=f"labels in [0, {classes})", got=got, cause=cause))
