"""The row template for few classes: sixteen rows side by side, one lane each."""

from __future__ import annotations

import math
from collections.abc import Callable

from lossfn.engines.native.elementary import Elementary
from lossfn.engines.native.memory import MEMORY, Stream
from lossfn.engines.native.pointwise import store_sum, tail_mask, weigh
from lossfn.engines.native.rows import (
    Frame,
    RowPlan,
    Slopes,
    Sums,
    at_labels,
    class_gradient,
    class_hessian,
    finish,
    illegal,
)
from lossfn.engines.native.value import LANES, REAL, Value

BLOCK = 1024
MOST = 128


def build(plan: RowPlan, fma: bool, data: int) -> str:
    """Write the kernel; rows come in groups of sixteen, of which those below `stop` count."""
    frame = Frame(plan, fma, data)
    code, body, zero = frame.code, _Body(frame), frame.code.like(0.0, REAL)

    def block(begin: Value, carried: list[Value]) -> list[Value]:
        limit = begin + BLOCK
        end = code.select(code.compare("slt", limit, frame.stop), limit, frame.stop)
        (acc,) = code.loop(begin, end, LANES, [zero], lambda i, s: [s[0] + body.group(i)])
        return [store_sum(code, frame.sums, acc, code.integer("sdiv", begin - frame.start, BLOCK))]

    return frame.finish(code.loop(frame.start, frame.stop, BLOCK, [code.like(0.0, "double")], block)[0])


class _Body:
    """Sixteen rows: their logits are turned into columns in the scratch space, then each pass is a loop.

    Lanes beyond the last row repeat it: what they write is what that row's own lane writes.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame, self.code, self.plan = frame, frame.code, frame.plan
        self.functions = Elementary(frame.code, frame.plan.long)
        # Columns of logits, then of w = e^(x - top), then of each output: 16 lanes of up to 8 bytes each.
        self.held = "float64" if frame.plan.dtype == "float64" else "float32"
        self.zero, self.size = Value(self.code, "i64", "0"), (frame.classes + (LANES - 1) & -LANES) << 7
        self.x = Stream(frame.scratch.pointer, self.held)
        self.w = self._region(1, "float64")
        self.tiles = [self._region(2 + place, self.held) for place in range(frame.plan.order)]

    def _region(self, place: int, dtype: str) -> Stream:
        at = self.code.integer("mul", self.size, place)
        return Stream(self.code.let(f"getelementptr i8, ptr {self.x.pointer}, i64 {at.name}", "ptr").name, dtype)

    def group(self, i: Value) -> Value:
        """Process rows i to i + 15; return what they add to the sum."""
        code, frame, plan = self.code, self.frame, self.plan
        live = tail_mask(code, i, frame.stop)
        starts = self._starts(i)
        inner = code.compare("sle", i + 2 * LANES, frame.stop)
        self._where(inner, lambda mask: self._columns(starts, mask))
        labels = self._repeated(frame.labels, i, live)
        bad = illegal(code, labels, frame.classes)
        weight = self._repeated(frame.weight, i, live) if frame.weight else None
        slopes = finish(frame, self._sums(labels), at_labels(frame, labels, bad))
        if plan.order:
            self._pull(slopes, labels, weight)
            self._where(inner, lambda mask: self._rows(starts, mask))
        term = weigh(code, slopes.value, weight, None)
        if frame.terms:
            code.store(frame.terms, i, term, live)
        if weight is not None:
            bad = bad & code.compare("une", weight, 0.0)
        return code.select(live, code.select(bad, math.nan, term), 0.0)

    def _starts(self, i: Value) -> list[Value]:
        code, last = self.code, self.frame.stop - 1
        rows = (i + r for r in range(LANES))
        inside = (code.select(code.compare("slt", row, last), row, last) for row in rows)
        return [code.integer("mul", row, self.frame.classes) for row in inside]

    def _repeated(self, stream: Stream, i: Value, live: Value) -> Value:
        code, kind = self.code, MEMORY[stream.dtype]
        last = code.let(f"load {kind}, ptr {code.address(stream, self.frame.stop - 1)}, align 8", kind)
        return code.select(live, code.load(stream, i, live), code.splat(last))

    def _columns(self, starts: list[Value], mask: Callable[[Value], Value | None]) -> None:
        code = self.code

        def tile(c: Value, _: list[Value]) -> list[Value]:
            at = self._fitted(c)
            columns = code.transpose([code.load_raw(self.frame.logits, start + at, mask(at)) for start in starts])
            for k, column in enumerate(columns):
                code.store_raw(self.x, (at + k) << 4, column)
            return []

        code.loop(self.zero, self.frame.classes, LANES, [], tile)

    def _rows(self, starts: list[Value], mask: Callable[[Value], Value | None]) -> None:
        code = self.code

        def tile(c: Value, _: list[Value]) -> list[Value]:
            at = self._fitted(c)
            for out, held in zip(self.frame.outs, self.tiles, strict=True):
                rows = code.transpose([code.load_raw(held, (at + k) << 4) for k in range(LANES)])
                for start, row in zip(starts, rows, strict=True):
                    code.store(out, start + at, row, mask(at))
            return []

        code.loop(self.zero, self.frame.classes, LANES, [], tile)

    def _fitted(self, c: Value) -> Value:
        # The last sixteen classes overlap those before rather than being masked.
        last = self.frame.classes - LANES
        c = self.code.select(self.code.compare("slt", c, last), c, last)
        return self.code.select(self.code.compare("slt", c, 0), 0, c)

    def _where(self, inner: Value, move: Callable[[Callable[[Value], Value | None]], None]) -> None:
        # Masked stores are slow. A row shorter than sixteen runs over into the next, which is written later;
        # only where no sixteen rows follow must the lanes be masked.
        def moved(mask: Callable[[Value], Value | None]) -> list[Value]:
            move(mask)
            return []

        self.code.when(inner, lambda: moved(lambda at: None), [])
        edge = inner ^ -1
        self.code.when(edge, lambda: moved(lambda at: tail_mask(self.code, at, self.frame.classes)), [])

    def _sums(self, labels: Value) -> Sums:
        code, frame, zero = self.code, self.frame, self.code.like(0.0, REAL)

        def highest(c: Value, s: list[Value]) -> list[Value]:
            x = code.load(self.x, c << 4)
            return [code.select(code.compare("ogt", x, s[0]), x, s[0])]

        (top,) = code.loop(self.zero, frame.classes, 1, [code.like(-math.inf, REAL)], highest)

        def exponentials(c: Value, s: list[Value]) -> list[Value]:
            x = code.load(self.x, c << 4)
            is_label = code.compare("eq", labels, code.splat(c))
            shift = code.select(code.compare("oeq", x, top), 0.0, x - top)
            w = self.functions.exp_unit(shift)
            if self.plan.order:
                code.store(self.w, c << 4, w)
            found = [
                code.select(is_label, shift, s[0]),
                code.select(is_label, w, s[1]),
                s[2] + code.select(is_label, 0.0, w),
            ]
            return found + (self._mean(c, x, shift, s[3:]) if self.plan.needs_mean else [])

        carried = [zero] * (5 if self.plan.needs_mean else 3)
        shift, own, others, *mean = code.loop(self.zero, frame.classes, 1, carried, exponentials)
        return Sums(top, shift, own, others, *(mean or (None, None)))

    def _mean(self, c: Value, x: Value, shift: Value, s: list[Value]) -> list[Value]:
        share = self._share(c, x)
        return [s[0] + self.code.select(self._finite(x), share * shift, 0.0), s[1] + share]

    def _finite(self, x: Value) -> Value:
        return self.code.compare("une", x, -math.inf)

    def _share(self, c: Value, x: Value) -> Value:
        code, name = self.code, self.plan.class_weight
        weight: Value | float = 1.0 if name is None else self.frame.scalar(self.frame.tables[name], c)
        return code.select(self._finite(x), weight, 0.0)

    def _pull(self, slopes: Slopes, labels: Value, weight: Value | None) -> None:
        code, frame = self.code, self.frame

        def one(c: Value, _: list[Value]) -> list[Value]:
            p = code.load(self.w, c << 4) * slopes.inverse
            is_label = code.compare("eq", labels, code.splat(c))
            share = self._share(c, code.load(self.x, c << 4)) if self.plan.needs_mean else None
            for make, tile in zip((class_gradient, class_hessian), self.tiles, strict=False):
                g = weigh(code, make(frame, slopes, p, share, is_label), weight, frame.scale)
                code.store(tile, c << 4, g)
            return []

        code.loop(self.zero, frame.classes, 1, [], one)


def scratch(classes: int, order: int) -> int:
    """How many float64 of scratch space one thread needs."""
    columns = -(-classes // LANES) * LANES
    return columns * LANES * (2 + order)
