"""The row template for many classes: one row at a time, sixteen of its classes in the lanes.

Three sweeps: the maximum; e^(x - top) and its sum without the label's term; the gradient. The exponentials
are kept in float64 between the second and the third, so that each result is rounded once.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence

from lossfn.engines.native.code import LINE
from lossfn.engines.native.elementary import Elementary
from lossfn.engines.native.memory import Stream
from lossfn.engines.native.pointwise import tail_mask, weigh
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
)
from lossfn.engines.native.value import INTEGER, LANES, REAL, Value

BLOCK = 16
Step = Callable[[Value, Value | None, Value | None, list[Value]], Sequence[Value]]


def build(plan: RowPlan, fma: bool, data: int) -> str:
    """Write the kernel; the sum of each sixteen rows is kept on its own."""
    frame = Frame(plan, fma, data)
    code, body, zero = frame.code, _Body(frame), frame.code.like(0.0, "double")

    def block(begin: Value, carried: list[Value]) -> list[Value]:
        limit = begin + BLOCK
        end = code.select(code.compare("slt", limit, frame.stop), limit, frame.stop)
        (total,) = code.loop(begin, end, 1, [zero], lambda row, s: [s[0] + body.row(row)])
        code.store_scalar(frame.sums, code.integer("sdiv", begin - frame.start, BLOCK), total)
        return [total]

    return frame.finish(code.loop(frame.start, frame.stop, BLOCK, [zero], block)[0])


class _Body:
    def __init__(self, frame: Frame) -> None:
        self.frame, self.code, self.plan = frame, frame.code, frame.plan
        self.functions = Elementary(frame.code, frame.plan.long)
        self.zero, self.full = Value(self.code, "i64", "0"), frame.classes & -LANES

    def row(self, row: Value) -> Value:
        """Process one row; return what it adds to the sum."""
        code, frame = self.code, self.frame
        label = code.load_scalar(frame.labels, row)
        bad = code.compare("uge", label, frame.classes)
        label = code.select(bad, 0, label)
        weight = frame.scalar(frame.weight, row) if frame.weight else None
        start = code.integer("mul", row, frame.classes)
        logits = Stream(code.address(frame.logits, start), frame.plan.dtype)
        sums, share = self._sums(start, logits, label)
        slopes = finish(frame, sums, at_labels(frame, [label]), weight)
        if self.plan.order:
            self._pull(start, logits, label, slopes, sums, share)
        term = code.first(weigh(code, slopes.value, weight, None))
        if weight is not None:
            bad = bad & code.compare("une", code.first(weight), 0.0)
        term = code.select(bad, math.nan, term)
        if frame.terms:
            code.store_one(frame.terms, row, term)
        return term

    def _sweep(self, label: Value, carried: list[Value], step: Step) -> list[Value]:
        """Go through the classes; only the sixteen among which the label is are told which lane it has."""
        code, full = self.code, self.full
        hot = label & -LANES
        before = code.select(code.compare("slt", hot, full), hot, full)
        carried = code.loop(self.zero, before, LANES, carried, lambda c, s: step(c, None, None, s))
        inside = code.compare("slt", hot, full)
        carried = code.when(inside, lambda: step(hot, None, self._at(hot, label), carried), carried)
        carried = code.loop(hot + LANES, full, LANES, carried, lambda c, s: step(c, None, None, s))
        tail = tail_mask(code, full, self.frame.classes)
        short = code.compare("slt", full, self.frame.classes)
        return code.when(short, lambda: step(full, tail, self._at(full, label), carried), carried)

    def _at(self, c: Value, label: Value) -> Value:
        lanes = Value(self.code, INTEGER, "<" + ", ".join(f"i64 {n}" for n in range(LANES)) + ">")
        return self.code.compare("eq", lanes, self.code.splat(label - c))

    def _highest(self, logits: Stream) -> Value:
        code = self.code
        kind = f"<{LANES} x {'double' if self.plan.dtype == 'float64' else 'float'}>"
        low = code.like(-math.inf, kind)

        def larger(c: Value, mask: Value | None, s: list[Value]) -> list[Value]:
            x = code.load_raw(logits, c, mask)
            x = x if mask is None else code.select(mask, x, low)
            return [code.select(code.compare("ogt", x, s[0]), x, s[0])]

        tail = tail_mask(code, self.full, self.frame.classes)
        (top,) = code.loop(self.zero, self.full, LANES, [low], lambda c, s: larger(c, None, s))
        (top,) = larger(self.full, tail, [top])
        return code.double(code.fold(top, lambda x, y: code.select(code.compare("ogt", x, y), x, y)))

    def _sums(self, start: Value, logits: Stream, label: Value) -> tuple[Sums, Value | None]:
        code, zero = self.code, self.code.like(0.0, REAL)
        top = self._highest(logits)

        def exponentials(c: Value, mask: Value | None, is_label: Value | None, s: list[Value]) -> list[Value]:
            x = self._logits(logits, c, mask)
            shift, lost = self.functions.below(x, top)
            w = self.functions.exp_below(shift, lost)
            if self.plan.order:
                code.store(self.frame.scratch, c, w)
            for out in self.frame.outs:  # written in the next sweep
                code.fetch(out, start + c, True)
            other = w if is_label is None else code.select(is_label, 0.0, w)
            other = other if mask is None else code.select(mask, other, 0.0)
            mean = add_mean(code, self._share(c, mask, x), x, shift, s[first:]) if self.plan.needs_mean else []
            return [*add_other(self.plan.long, s[:first], other), *mean]

        first = 1 + self.plan.long
        carried = [zero] * (first + 2 * self.plan.needs_mean)
        others, *mean = (code.fold(s, lambda x, y: x + y) for s in self._sweep(label, carried, exponentials))
        mean = mean[first - 1 :]
        x = code.load_one(logits, label)
        own, lost = self.functions.below(x, top)
        name = self.plan.class_weight
        weight = 1.0 if name is None else self.frame.scalar(self.frame.tables[name], label)
        share = finite_share(code, weight, x) if mean else None
        return Sums(top, own, lost, self.functions.exp_below(own, lost), others, *(mean or (None, None))), share

    def _logits(self, logits: Stream, c: Value, mask: Value | None) -> Value:
        x = self.code.load(logits, c, mask)
        return x if mask is None else self.code.select(mask, x, -math.inf)

    def _share(self, c: Value, mask: Value | None, x: Value) -> Value:
        code, name = self.code, self.plan.class_weight
        weight: Value | float = 1.0 if name is None else code.load(self.frame.tables[name], c, mask)
        return finite_share(code, weight, x)

    def _pull(
        self,
        start: Value,
        logits: Stream,
        label: Value,
        slopes: Slopes,
        sums: Sums,
        label_share: Value | None,
    ) -> None:
        code, frame = self.code, self.frame
        made = list(zip(MAKERS, frame.outs, strict=False))

        def some(c: Value, mask: Value | None) -> list[Value]:
            w = code.load(frame.scratch, c, mask)
            share = self._share(c, mask, self._logits(logits, c, mask)) if self.plan.needs_mean else None
            for make, out in made:
                g = make(frame, slopes, w, share, False)
                code.store(out, start + c, g, mask)
            return []

        code.loop(self.zero, self.full, LANES, [], lambda c, s: some(c, None))
        tail = tail_mask(code, self.full, frame.classes)
        code.when(code.compare("slt", self.full, frame.classes), lambda: some(self.full, tail), [])
        for make, out in made:
            g = make(frame, slopes, sums.own, label_share, True)
            code.store_one(out, start + label, code.first(g))


def scratch(classes: int, order: int) -> int:
    """How many float64 of scratch space one thread needs."""
    return classes + LANES + LINE
