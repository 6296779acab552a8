"""Loops over the axes of a view, whose sizes and strides a kernel takes as integers."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lossfn.core.arrays import Array
from lossfn.engines.native.code import Code
from lossfn.engines.native.value import Value

Axis = tuple[Value, Value]


def layout(view: Array, axes: int) -> list[int]:
    """Return sizes and strides, in elements, of the first axes of a view."""
    return [*view.shape[:axes], *(stride // view.itemsize for stride in view.strides[:axes])]


def names(axes: int) -> list[str]:
    """Return what a kernel calls the numbers of `layout`."""
    return [f"{what}{k}" for what in ("size", "stride") for k in range(axes)]


def named(code: Code, axes: int) -> list[Axis]:
    """Return size and stride of each axis as a kernel has them."""
    return [(Value(code, "i64", f"%size{k}"), Value(code, "i64", f"%stride{k}")) for k in range(axes)]


def nest(
    code: Code,
    axes: Sequence[Axis],
    at: Value,
    carried: Sequence[Value],
    body: Callable[[Value, list[Value]], Sequence[Value]],
) -> list[Value]:
    """Carry values through loops over some axes, the last the innermost: carried = body(place in the view, carried)."""
    if not axes:
        return list(body(at, list(carried)))
    (size, stride), *inner = axes
    zero = Value(code, "i64", "0")
    return code.loop(zero, size, 1, carried, lambda i, state: nest(code, inner, at + i * stride, state, body))
