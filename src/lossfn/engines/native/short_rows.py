"""The row template for few classes: sixteen rows side by side, one lane each."""

from __future__ import annotations

import math
from collections.abc import Callable

from lossfn.engines.native.code import LINE
from lossfn.engines.native.elementary import Elementary
from lossfn.engines.native.memory import MEMORY, Stream
from lossfn.engines.native.pointwise import store_sum, tail_mask, weigh
from lossfn.engines.native.rows import (
    MAKERS,
    Frame,
    RowPlan,
    Slopes,
    Sums,
    add_mean,
    add_other,
    at_labels,
    finish,
    finite_share,
    gather,
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

    Lanes beyond the last row compute on what the scratch space holds and are never written.
    """

    def __init__(self, frame: Frame) -> None:
        self.frame, self.code, self.plan = frame, frame.code, frame.plan
        self.functions = Elementary(frame.code, frame.plan.long)
        # Columns of logits, then of w = e^(x - top), then of each output: 16 lanes of up to 8 bytes each.
        self.held = "float64" if frame.plan.dtype == "float64" else "float32"
        self.kind = f"<{LANES} x {MEMORY[self.held]}>"
        self.zero, self.size = Value(self.code, "i64", "0"), (frame.classes + (LANES - 1) & -LANES) << 7
        self.x = Stream(frame.scratch.pointer, self.held)
        self.w = self._region(1, "float64")
        self.tiles = [self._region(2 + place, self.held) for place in range(frame.plan.order)]
        self.scratch = {self.x.pointer}

    def _region(self, place: int, dtype: str) -> Stream:
        at = self.code.integer("mul", self.size, place)
        return Stream(self.code.let(f"getelementptr i8, ptr {self.x.pointer}, i64 {at.name}", "ptr").name, dtype)

    def group(self, i: Value) -> Value:
        """Process rows i to i + 15; return what they add to the sum."""
        code, frame, plan = self.code, self.frame, self.plan
        live = tail_mask(code, i, frame.stop)
        inner = code.compare("sle", i + 2 * LANES, frame.stop)
        self._move(i, inner, self._read, [(frame.logits, self.x)])
        labels = code.load(frame.labels, i, live)
        bad = code.compare("uge", labels, code.splat(frame.classes))
        weight = code.load(frame.weight, i, live) if frame.weight else None
        labels = code.select(bad, 0, labels)
        places = [code.lane(labels, lane) for lane in range(LANES)] if frame.tables else []
        own = self._own(labels)
        sums, share = self._sums(i, own, places)
        slopes = finish(frame, sums, at_labels(frame, places), weight)
        if plan.order:
            self._pull(own, slopes, sums, share)
            self._move(i, inner, self._write, list(zip(self.tiles, frame.outs, strict=True)))
        term = weigh(code, slopes.value, weight, None)
        if weight is not None:
            bad = bad & code.compare("une", weight, 0.0)
        term = code.select(bad, math.nan, term)
        if frame.terms:
            code.store(frame.terms, i, term, live)
        return code.select(live, term, 0.0)

    def _read(self, starts: list[Value]) -> None:
        code = self.code

        def tile(c: Value, _: list[Value]) -> list[Value]:
            at = self._fitted(c)
            columns = code.transpose([code.load_raw(self.frame.logits, start + at) for start in starts])
            for k, column in enumerate(columns):
                code.store_raw(self.x, (at + k) << 4, column)
            return []

        code.loop(self.zero, self.frame.classes, LANES, [], tile)

    def _write(self, starts: list[Value]) -> None:
        code = self.code

        def tile(c: Value, _: list[Value]) -> list[Value]:
            at = self._fitted(c)
            for out, held in zip(self.frame.outs, self.tiles, strict=True):
                rows = code.transpose([code.load_raw(held, (at + k) << 4) for k in range(LANES)])
                for start, row in zip(starts, rows, strict=True):
                    code.store(out, start + at, row)
            return []

        code.loop(self.zero, self.frame.classes, LANES, [], tile)

    def _fitted(self, c: Value) -> Value:
        # The last sixteen classes overlap those before rather than being masked.
        last = self.frame.classes - LANES
        c = self.code.select(self.code.compare("slt", c, last), c, last)
        return self.code.select(self.code.compare("slt", c, 0), 0, c)

    def _move(
        self, i: Value, inner: Value, fast: Callable[[list[Value]], None], pairs: list[tuple[Stream, Stream]]
    ) -> None:
        # A row shorter than sixteen runs over into the next, which is written later: masked stores are slow.
        # Where no sixteen rows follow, elements are copied one by one.
        code, classes = self.code, self.frame.classes

        def whole() -> list[Value]:
            start = code.integer("mul", i, classes)
            fast([start + code.integer("mul", classes, r) for r in range(LANES)])
            return []

        code.when(inner, whole, [])
        code.when(inner ^ -1, lambda: self._one_by_one(i, pairs), [])

    def _one_by_one(self, i: Value, pairs: list[tuple[Stream, Stream]]) -> list[Value]:
        code, frame, most = self.code, self.frame, i + LANES

        def lane(row: Value, _: list[Value]) -> list[Value]:
            start, r = code.integer("mul", row, frame.classes), row - i

            def element(c: Value, _: list[Value]) -> list[Value]:
                far, near = start + c, (c << 4) + r
                for source, goal in pairs:
                    at, to = (far, near) if goal.pointer in self.scratch else (near, far)
                    code.store_one(goal, to, code.first(code.load_one(source, at)))
                return []

            return code.loop(self.zero, frame.classes, 1, [], element)

        return code.loop(i, code.select(code.compare("slt", most, frame.stop), most, frame.stop), 1, [], lane)

    def _sums(self, i: Value, own: Value, places: list[Value]) -> tuple[Sums, Value | None]:
        # The label's logit reads as -inf: its exponential is apart and never subtracted again.
        code, plan, zero = self.code, self.plan, self.code.like(0.0, REAL)
        top, none = self._highest(), code.like(-math.inf, self.kind)
        start = code.integer("mul", i, self.frame.classes)

        def exponentials(c: Value, s: list[Value]) -> list[Value]:
            self._send_for(start, c)
            x, is_label = code.load_raw(self.x, c << 4), self._at(own, c)
            each = code.double(code.select(is_label, none, x))
            shift, lost = self.functions.below(each, top)
            w = self.functions.exp_below(shift, lost)
            if plan.order:
                code.store(self.w, c << 4, w)
            mean = add_mean(code, self._share(c, each), each, shift, s[1 + first :]) if plan.needs_mean else []
            return [code.select(is_label, x, s[0]), *add_other(plan.long, s[1 : 1 + first], w), *mean]

        first = 1 + plan.long
        carried = [none] + [zero] * (first + 2 * plan.needs_mean)
        logit, others, *mean = code.loop(self.zero, self.frame.classes, 1, carried, exponentials)
        x, mean, share = code.double(logit), mean[first - 1 :], None
        shift, lost = self.functions.below(x, top)
        if plan.needs_mean:
            share = finite_share(code, self._label_share(places), x)
            mean = add_mean(code, share, x, shift, mean)
        return Sums(top, shift, lost, self.functions.exp_below(shift, lost), others, *(mean or (None, None))), share

    def _send_for(self, start: Value, c: Value) -> None:
        # Sixteen rows are a line or two of memory per class: here those read next and those written soon are fetched.
        code, frame, at = self.code, self.frame, start + (c << 4)
        for line in range(0, LANES, LINE if self.held == "float64" else LANES):
            code.fetch(frame.logits, at + (frame.classes << 4) + line, False)
            for out in frame.outs:
                code.fetch(out, at + line, True)

    def _own(self, labels: Value) -> Value:
        # Compared at the width of the logits, so that no mask has to be converted.
        return labels if self.held == "float64" else self.code.cast("trunc", labels, f"<{LANES} x i32>")

    def _at(self, own: Value, c: Value) -> Value:
        at = c if self.held == "float64" else self.code.cast("trunc", c, "i32")
        return self.code.compare("eq", own, self.code.splat(at))

    def _highest(self) -> Value:
        code = self.code

        def larger(c: Value, s: list[Value]) -> list[Value]:
            x = code.load_raw(self.x, c << 4)
            return [code.select(code.compare("ogt", x, s[0]), x, s[0])]

        (top,) = code.loop(self.zero, self.frame.classes, 1, [code.like(-math.inf, self.kind)], larger)
        return code.double(top)

    def _share(self, c: Value, x: Value) -> Value:
        name = self.plan.class_weight
        return finite_share(self.code, 1.0 if name is None else self.frame.scalar(self.frame.tables[name], c), x)

    def _label_share(self, places: list[Value]) -> Value | float:
        name = self.plan.class_weight
        return 1.0 if name is None else gather(self.code, self.frame.tables[name], places)

    def _pull(self, own: Value, slopes: Slopes, sums: Sums, share: Value | None) -> None:
        code, frame = self.code, self.frame
        made = list(zip(MAKERS, self.tiles, strict=False))
        of_label = [code.narrow(make(frame, slopes, sums.own, share, True), self.held) for make, _ in made]

        def one(c: Value, _: list[Value]) -> list[Value]:
            w, is_label = code.load(self.w, c << 4), self._at(own, c)
            of_class = self._share(c, code.load(self.x, c << 4)) if self.plan.needs_mean else None
            for (make, tile), label in zip(made, of_label, strict=True):
                other = code.narrow(make(frame, slopes, w, of_class, False), self.held)
                code.store_raw(tile, c << 4, code.select(is_label, label, other))
            return []

        code.loop(self.zero, frame.classes, 1, [], one)


def scratch(classes: int, order: int) -> int:
    """How many float64 of scratch space one thread needs."""
    return -(-classes // LANES) * LANES * LANES * (2 + order) + LINE
