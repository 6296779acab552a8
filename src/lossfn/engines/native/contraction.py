"""The contraction template: any view times a matrix, so that windows of images are multiplied where they lie."""

from __future__ import annotations

from functools import lru_cache, partial
from itertools import pairwise
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.engines.native import machine, pool
from lossfn.engines.native.code import Code
from lossfn.engines.native.memory import BYTES, MEMORY
from lossfn.engines.native.pointwise import tail_mask
from lossfn.engines.native.value import LANES, Value
from lossfn.engines.native.views import layout, named, names, nest

AT_ONCE = 1 << 18  # bytes of the matrix that stay in the second cache
TERMS = 32  # as many products take as long as one element of a loss


def contract(a: Array, b: Array, out: Array) -> None:
    """Add a product over several axes to `out`; the matrix is taken in parts, threads share the first axis."""
    free = out.ndim - 1
    kernel, step = _kernel(free, a.ndim - free, a.dtype), max(1, AT_ONCE // b[0].nbytes)

    def work(start: int, stop: int) -> None:
        for first in range(0, len(b), step):
            some = a[(slice(start, stop), *[slice(None)] * (free - 1), slice(first, first + step))]
            kernel(some, b[first : first + step], out[start:stop], *layout(some, a.ndim), b.shape[-1], 1.0)

    pool.share(work, len(a), 1, out.size * b[..., 0].size // TERMS)


@lru_cache(maxsize=16)
def _kernel(free: int, summed: int, dtype: np.dtype[Any]) -> Any:
    target = machine.machine()
    text = build(free, summed, dtype.name, target.wide, target.fma, target.data)
    return machine.function(text, 3, 2 * (free + summed) + 1)


def build(free: int, summed: int, dtype: str, wide: bool, fma: bool, data: int) -> str:
    """Write kernel(a, b, out, sizes…, strides…, width)."""
    code = Code(fma, data)
    # The sums of a tile, 64 bytes each (128 in float64), fill half of the registers: of 2 KiB in AVX-512, else of 512.
    sums = (64 if wide else 16) // BYTES[dtype]
    vectors = 2 if sums == 16 else 1
    _Body(code, free, summed, dtype).columns(sums // vectors, vectors)
    return code.text([*names(free + summed), "width"], code.like(0.0, "double"))


class _Body:
    """out[i, j] += sum of a[i, k] * b[k, j]: loops over j, over the axes of i, and over those of k."""

    def __init__(self, code: Code, free: int, summed: int, dtype: str) -> None:
        self.code, self.kind = code, f"<{LANES} x {MEMORY[dtype]}>"
        self.a, self.b, self.out = (code.array(name, dtype) for name in ("a", "b", "out"))
        axes = named(code, free + summed)
        self.free, self.summed = axes[:free], axes[free:]
        self.zero, self.width = Value(code, "i64", "0"), Value(code, "i64", "%width")

    def columns(self, rows: int, vectors: int) -> None:
        """Take as many vectors of columns at once as a tile has, then the rest one by one."""
        code, step = self.code, LANES * vectors
        full = self.width & -step

        def wide(j: Value, _: list[Value]) -> list[Value]:
            self.lines(rows, [j + LANES * k for k in range(vectors)], None)
            return []

        def narrow(j: Value, _: list[Value]) -> list[Value]:
            self.lines(rows, [j], tail_mask(code, j, self.width))
            return []

        code.loop(self.zero, full, step, [], wide)
        code.loop(full, self.width, LANES, [], narrow)

    def lines(self, rows: int, columns: list[Value], mask: Value | None) -> None:
        """Walk along the last free axis in tiles of so many rows; what is left, in tiles of half as many, and so on."""
        size, stride = self.free[-1]
        tiles = [rows >> k for k in range(rows.bit_length())]
        edges = [self.zero, *(size & -tile for tile in tiles)]

        def line(at: Value, carried: list[Value]) -> list[Value]:
            (first,) = carried

            def some(tile: int, i: Value, _: list[Value]) -> list[Value]:
                self.tile([at + (i + k) * stride for k in range(tile)], first + i, columns, mask)
                return []

            for tile, (start, stop) in zip(tiles, pairwise(edges), strict=True):
                self.code.loop(start, stop, tile, [], partial(some, tile))
            return [first + size]

        nest(self.code, self.free[:-1], self.zero, [self.zero], line)

    def tile(self, at: list[Value], first: Value, columns: list[Value], mask: Value | None) -> None:
        """Add the sums of a few rows and vectors of columns to `out`."""
        code, places = self.code, [(row, column) for row in range(len(at)) for column in range(len(columns))]

        def step(offset: Value, carried: list[Value]) -> list[Value]:
            line, *sums = carried
            vectors = [code.load_raw(self.b, line + j, mask) for j in columns]
            numbers = [code.splat(code.load_scalar(self.a, start + offset)) for start in at]
            terms = zip(places, sums, strict=True)
            return [line + self.width, *(code.fma(numbers[row], vectors[column], s) for (row, column), s in terms)]

        _, *sums = nest(code, self.summed, self.zero, [self.zero, *[code.like(0.0, self.kind)] * len(places)], step)
        for (row, column), s in zip(places, sums, strict=True):
            place = (first + row) * self.width + columns[column]
            code.store_raw(self.out, place, code.load_raw(self.out, place, mask) + s, mask)
