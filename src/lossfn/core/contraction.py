"""Products over several axes at once, to be run by an engine."""

from __future__ import annotations

from lossfn.core.arrays import Array
from lossfn.core.dispatch import engine
from lossfn.core.errors import ShapeError, say


def contract(a: Array, b: Array, out: Array) -> None:
    """Add to `out` the sum of ``a[i, k] * b[k, j]`` over k, where i and k stand for one or more axes each.

    `a` may be any view, such as the windows of an image, which an engine need not write out. `b` and `out` are
    contiguous; all three have one dtype, float32 or float64.
    """
    expected = a.shape[: out.ndim - 1] + b.shape[-1:]
    if out.shape != expected or a.shape[out.ndim - 1 :] != b.shape[:-1]:
        raise ShapeError(say("shapes in a contraction", expected=f"{a.shape}, {b.shape} -> {expected}", got=out.shape))
    if b.size and out.size:
        engine().contract(a, b, out)
