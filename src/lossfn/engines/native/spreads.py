"""The distribution template: one row at a time, sixteen of its classes in the lanes.

With shift = x - top, log q = shift - log1p(rest): `rest` leaves the largest logits out but one, so that a
probability next to 1 keeps its logarithm. Slopes s return to the logits as s - q·Σs.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from lossfn.core.graph import Node
from lossfn.core.program import Program
from lossfn.engines.finish import lost_digits
from lossfn.engines.native.code import LINE, Code
from lossfn.engines.native.elementary import Elementary
from lossfn.engines.native.emit import Numbers, emit
from lossfn.engines.native.memory import Stream
from lossfn.engines.native.pointwise import read_settings, tail_mask, weigh
from lossfn.engines.native.rows import INTEGERS, add_other
from lossfn.engines.native.value import LANES, REAL, Value

BLOCK = 16
Step = Callable[[Value, Value | None, list[Value]], Sequence[Value]]


@dataclass(frozen=True)
class SpreadPlan:
    """Which pass over rows and their target distributions; `coupled` rows are logits."""

    program: Program
    settings: tuple[str, ...]
    tables: tuple[str, ...]
    dtypes: tuple[str, str]
    weighted: bool
    order: int
    wrt: str
    keep: str | None
    output: str
    coupled: bool
    check: bool
    long: bool

    @property
    def arrays(self) -> int:
        """How many arrays the kernel takes."""
        return 5 + self.weighted + len(self.tables) + bool(self.keep) + self.order


def build(plan: SpreadPlan, fma: bool, data: int) -> str:
    """Write kernel(logits, target, weight?, tables…, terms?, outputs…, settings, scratch, sums, classes, …)."""
    body = _Body(plan, Code(fma, data))
    code, zero = body.code, body.code.like(0.0, "double")

    def block(begin: Value, carried: list[Value]) -> list[Value]:
        limit = begin + BLOCK
        end = code.select(code.compare("slt", limit, body.stop), limit, body.stop)
        (total,) = code.loop(begin, end, 1, [zero], lambda row, s: [s[0] + body.row(row)])
        code.store_scalar(body.sums, code.integer("sdiv", begin - body.start, BLOCK), total)
        return [total]

    return code.text(INTEGERS, code.loop(body.start, body.stop, BLOCK, [zero], block)[0])


class _Body:
    def __init__(self, plan: SpreadPlan, code: Code) -> None:
        self.plan, self.code = plan, code
        self.logits, self.target = (code.array(n, d) for n, d in zip(("logits", "target"), plan.dtypes, strict=True))
        self.weight = code.array("weight", "float64") if plan.weighted else None
        self.tables = {name: code.array(f"table{k}", "float64") for k, name in enumerate(plan.tables)}
        self.terms = code.array("terms", plan.keep) if plan.keep else None
        self.outs = [code.array(f"out{k}", plan.output) for k in range(plan.order)]
        self.steady = read_settings(code, plan.settings)
        scratch, self.sums = code.room("scratch"), code.array("sums", "float64")
        self.classes, self.start, self.stop = (Value(code, "i64", f"%{name}") for name in INTEGERS)
        self.scale = code.splat(Value(code, "double", "%scale"))
        self.functions = Elementary(code, plan.long)
        self.zero, self.full = Value(code, "i64", "0"), self.classes & -LANES
        self.w, self.bent = scratch, [self._region(scratch, place) for place in (1, 2)]

    def _region(self, scratch: Stream, place: int) -> Stream:
        at = self.code.integer("mul", self.classes + (LANES - 1) & -LANES, place)
        return Stream(self.code.address(scratch, at), "float64")

    def row(self, row: Value) -> Value:
        """Process one row; return what it adds to the sum."""
        code = self.code
        start = code.integer("mul", row, self.classes)
        logits = Stream(code.address(self.logits, start), self.logits.dtype)
        target = Stream(code.address(self.target, start), self.target.dtype)
        weight = code.load_one(self.weight, row) if self.weight else None
        top, rest, inverse = self._normaliser(logits) if self.plan.coupled else (None, None, None)
        value, outside, *sums = self._shares(logits, target, top, rest)
        for place, out in enumerate(self.outs):
            self._pull(place, Stream(code.address(out, start), out.dtype), sums, inverse, weight)
        term = code.first(weigh(code, value, weight, None))
        if self.terms:
            code.store_one(self.terms, row, term)
        poison = code.compare("ogt", code.first(outside), 0.0)
        if weight is not None:
            poison = poison & code.compare("une", code.first(weight), 0.0)
        return code.select(poison, math.nan, term)

    def _sweep(self, carried: Sequence[Value], step: Step) -> list[Value]:
        code, full = self.code, self.full
        state = code.loop(self.zero, full, LANES, carried, lambda c, s: step(c, None, s))
        tail = tail_mask(code, full, self.classes)
        return code.when(code.compare("slt", full, self.classes), lambda: step(full, tail, state), state)

    def _read(self, logits: Stream, c: Value, mask: Value | None) -> Value:
        x = self.code.load(logits, c, mask)
        return x if mask is None else self.code.select(mask, x, -math.inf)

    def _log_prob(self, x: Value, top: Value | None, rest: Value | None) -> dict[str, Value]:
        return (
            {"log_prob": x}
            if top is None or rest is None
            else self.functions.log_prob(*self.functions.below(x, top), rest)
        )

    def _normaliser(self, logits: Stream) -> tuple[Value, Value, Value]:
        code, zero = self.code, self.code.like(0.0, REAL)

        def larger(c: Value, mask: Value | None, s: list[Value]) -> list[Value]:
            x = self._read(logits, c, mask)
            return [code.select(code.compare("ogt", x, s[0]), x, s[0])]

        (top,) = self._sweep([code.like(-math.inf, REAL)], larger)
        top = code.fold(top, lambda x, y: code.select(code.compare("ogt", x, y), x, y))

        def exponentials(c: Value, mask: Value | None, s: list[Value]) -> list[Value]:
            shift, lost = self.functions.below(self._read(logits, c, mask), top)
            w, at_top = self.functions.exp_below(shift, lost), code.compare("oeq", shift, 0.0)
            if self.plan.order:
                code.store(self.w, c, w)
            other = code.select(at_top, 0.0, w)
            other = other if mask is None else code.select(mask, other, 0.0)
            return [s[0] + code.select(at_top, 1.0, 0.0), *add_other(self.plan.long, s[1:], other)]

        swept = self._sweep([zero] * (2 + self.plan.long), exponentials)
        ties, others, *_ = (code.fold(s, lambda x, y: x + y) for s in swept)
        m = self.plan.program.value.tracer
        (rest,) = emit(code, [m.apply("log1p", m.input("x"))], Numbers(x=others + (ties - 1.0)), self.plan.long)
        return top, rest, code.like(1.0, REAL) / (others + ties)

    def _shares(self, logits: Stream, target: Stream, top: Value | None, rest: Value | None) -> list[Value]:
        """Sum value, members outside the domain, slope and curvature over the classes; keep the latter two."""
        code, roots, zero = self.code, self._roots(), self.code.like(0.0, REAL)

        def share(c: Value, mask: Value | None, s: list[Value]) -> list[Value]:
            x = self._read(logits, c, mask)
            tables = {name: code.load(stream, c, mask) for name, stream in self.tables.items()}
            inner = Numbers(self.steady | tables | self._log_prob(x, top, rest))
            inner["target"] = code.load(target, c, mask)
            inner.steady = self.steady.steady
            found = self._evaluated(roots, inner)
            for stream, x in zip(self.bent, found[1 : 1 + self.plan.order], strict=False):
                code.store(stream, c, x)
            return [a + (b if mask is None else code.select(mask, b, 0.0)) for a, b in zip(s, found, strict=True)]

        carried = [zero] * (2 + self.plan.order + self.plan.long)
        first, *others = self._sweep(carried, share)
        outside, *sums = (code.fold(s, lambda x, y: x + y) for s in (others[-1], first, *others[: self.plan.order]))
        value = _folded(code, first, others[self.plan.order]) if self.plan.long else sums[0]
        return [value, outside, *sums[1:]]

    def _roots(self) -> list[Node]:
        plan, program = self.plan, self.plan.program
        bent = [program.slopes(plan.wrt), program.curvatures(plan.wrt, plan.wrt)][: plan.order]
        checked = [program.outside] if plan.check and program.outside is not None else []
        known = frozenset(("log_prob lost",) if plan.coupled else ())
        lost = [lost_digits(program.value, known)] if plan.long else []
        return [program.value, *bent, *lost, *checked]

    def _evaluated(self, roots: list[Node], inner: Numbers) -> list[Value]:
        code, real = self.code, 1 + self.plan.order + self.plan.long
        results = emit(code, roots, inner, self.plan.long)
        flags = [code.select(flag, 1.0, 0.0) for flag in results[real:]]
        return [*results[:real], *(flags or [code.like(0.0, REAL)])]

    def _pull(self, place: int, out: Stream, sums: list[Value], inverse: Value | None, weight: Value | None) -> None:
        code = self.code
        coupled = inverse is not None and self.plan.wrt == "log_prob"

        def one(c: Value, mask: Value | None, _: list[Value]) -> list[Value]:
            bent = [code.load(stream, c, mask) for stream in self.bent[: place + 1]]
            q = code.load(self.w, c, mask) * inverse if coupled and inverse is not None else None
            g = bent[place] if q is None else PULLS[place](code, q, bent, sums)
            code.store(out, c, weigh(code, g, weight, self.scale), mask)
            return []

        self._sweep([], one)


def _folded(code: Code, x: Value, lost: Value) -> Value:
    """Add up sixteen lanes and what they lost, the additions' own losses too (Knuth's two-sum)."""
    for step in (8, 4, 2, 1):
        y, more = (code.shuffle(v, v, [lane ^ step for lane in range(LANES)]) for v in (x, lost))
        total = x + y
        back = total - x
        lost = (lost + more) + ((x - (total - back)) + (y - back))
        x = total
    better = x + lost
    return code.select(code.compare("ord", better, better), better, x)


def _gradient(code: Code, q: Value, bent: list[Value], sums: list[Value]) -> Value:
    return bent[0] - q * sums[0]


def _hessian(code: Code, q: Value, bent: list[Value], sums: list[Value]) -> Value:
    return bent[1] * (1.0 - 2.0 * q) + q * q * sums[1] - q * (1.0 - q) * sums[0]


PULLS = (_gradient, _hessian)


def scratch(classes: int, order: int) -> int:
    """How many float64 of scratch space one thread needs."""
    return 3 * (classes + LANES) + LINE
