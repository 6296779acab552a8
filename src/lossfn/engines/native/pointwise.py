"""The pointwise template: one pass over memory, sixteen elements at a time, a sum per fixed block."""

from __future__ import annotations

import math
from dataclasses import dataclass

from lossfn.core.graph import Node
from lossfn.core.program import Program
from lossfn.engines.native.code import LANES, MASK, REAL, Code, Stream, Value
from lossfn.engines.native.emit import Numbers, emit

BLOCK = 8192


@dataclass(frozen=True)
class Plan:
    """Which pass: what is read and written, by dtype, in the order of the kernel's arguments."""

    program: Program
    settings: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    weighted: bool
    order: int
    wrt: tuple[str, ...]
    keep: str | None
    outputs: tuple[str, ...]
    check: bool
    long: bool


def build(plan: Plan, fma: bool) -> tuple[str, set[str]]:
    """Write the kernel: kernel(inputs…, weight?, terms?, outputs…, settings, start, stop, scale, sums)."""
    code = Code(fma)
    pointers = [f"%{name.replace('.', '_')}" for name, _ in plan.inputs]
    reads = {n: Stream(p, d) for p, (n, d) in zip(pointers, plan.inputs, strict=True)}
    weight = Stream("%weight", "float64") if plan.weighted else None
    terms = Stream("%terms", plan.keep) if plan.keep else None
    writes = [Stream(f"%out{i}", dtype) for i, dtype in enumerate(plan.outputs)]
    steady = _settings(code, plan)
    scale = code.splat(Value(code, "double", "%scale"))
    body = _Body(plan, code, reads, weight, terms, writes, steady, scale)
    total = _blocks(code, body)
    code.do(f"ret double {total.name}")
    arrays = [*pointers, *(s.pointer for s in (weight, terms) if s), *(s.pointer for s in writes), "%settings", "%sums"]
    head = ", ".join([*(f"ptr noalias {p}" for p in arrays), "i64 %start", "i64 %stop", "double %scale"])
    text = f"define double @kernel({head}) {{\nentry:\n" + "\n".join(code.lines) + "\n}\n"
    return text, code.declared


def _settings(code: Code, plan: Plan) -> Numbers:
    steady = Numbers()
    table = Stream("%settings", "float64")
    for place, name in enumerate(plan.settings):
        at = code.address(table, Value(code, "i64", str(place)))
        steady[name] = code.splat(code.let(f"load double, ptr {at}, align 8", "double"))
    steady.steady = frozenset(plan.settings)
    return steady


def _blocks(code: Code, body: _Body) -> Value:
    start, stop = Value(code, "i64", "%start"), Value(code, "i64", "%stop")
    zero = code.like(0.0, REAL)

    def block(begin: Value, carried: list[Value]) -> list[Value]:
        limit = begin + BLOCK
        end = code.select(code.compare("slt", limit, stop), limit, stop)
        full = begin + ((end - begin) & -LANES)
        (acc,) = code.loop(begin, full, LANES, [zero], lambda i, s: [s[0] + body.step(i, None)])
        (acc,) = code.when(
            code.compare("slt", full, end), lambda: [acc + body.step(full, tail_mask(code, full, end))], [acc]
        )
        total = code.first(code.fold(acc, lambda x, y: x + y))
        where = code.address(
            Stream("%sums", "float64"), (begin >> BLOCK.bit_length() - 1) - (start >> BLOCK.bit_length() - 1)
        )
        code.do(f"store double {total.name}, ptr {where}, align 8")
        return [total]

    return code.loop(start, stop, BLOCK, [code.like(0.0, "double")], block)[0]


def tail_mask(code: Code, begin: Value, end: Value) -> Value:
    """Lanes of [begin, end) when fewer than sixteen elements are left."""
    lanes = Value(code, f"<{LANES} x i64>", "<" + ", ".join(f"i64 {i}" for i in range(LANES)) + ">")
    return code.compare("slt", lanes, code.splat(end - begin))


@dataclass
class _Body:
    plan: Plan
    code: Code
    reads: dict[str, Stream]
    weight: Stream | None
    terms: Stream | None
    writes: list[Stream]
    steady: Numbers
    scale: Value

    def step(self, i: Value, mask: Value | None) -> Value:
        """Process sixteen elements at i; return what they add to the sum."""
        code = self.code
        values = Numbers(self.steady | {n: code.load(s, i, mask) for n, s in self.reads.items()})
        values.steady = self.steady.steady
        weight = code.load(self.weight, i, mask) if self.weight else None
        results = emit(code, self._roots(), values, self.plan.long)
        added = self._add(results, weight, i, mask)
        for stream, slope in zip(self.writes, results[len(results) - len(self.writes) :], strict=True):
            code.store(stream, i, weigh(code, slope, weight, self.scale), mask)
        return added if mask is None else code.select(mask, added, 0.0)

    def _roots(self) -> list[Node]:
        plan, program = self.plan, self.plan.program
        roots = [program.outside] if plan.check and program.outside is not None else []
        roots += [program.value] if plan.order < 2 else []
        roots += [program.slopes(n) for n in plan.wrt] if plan.order > 0 else []
        return roots + ([program.curvatures(n, n) for n in plan.wrt] if plan.order > 1 else [])

    def _add(self, results: list[Value], weight: Value | None, i: Value, mask: Value | None) -> Value:
        code, checked = self.code, self.plan.check and self.plan.program.outside is not None
        term = code.like(0.0, REAL) if self.plan.order > 1 else weigh(code, results[checked], weight, None)
        if self.terms:
            code.store(self.terms, i, term, mask)
        if not checked:
            return term
        outside = results[0]
        if weight is not None:
            outside = outside & code.compare("une", weight, 0.0)
        return code.select(outside, math.nan, term)


def weigh(code: Code, x: Value, weight: Value | None, scale: Value | None) -> Value:
    """x·weight·scale; a zero weight wins over anything."""
    if weight is None:
        return x if scale is None else x * scale
    factor = weight if scale is None else weight * scale
    return code.select(code.compare("oeq", weight, 0.0), 0.0, x * factor)


__all__ = ["BLOCK", "MASK", "Plan", "build", "tail_mask", "weigh"]
