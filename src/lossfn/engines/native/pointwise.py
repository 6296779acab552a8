"""The pointwise template: one pass over memory, sixteen elements at a time, a sum per fixed block."""

from __future__ import annotations

import math
import sys
from dataclasses import dataclass

from lossfn.core.dispatch import STEEP
from lossfn.core.graph import Node
from lossfn.core.program import Program
from lossfn.engines.finish import finished
from lossfn.engines.native.code import Code
from lossfn.engines.native.emit import Numbers, emit
from lossfn.engines.native.memory import Stream
from lossfn.engines.native.value import INTEGER, LANES, REAL, Value

BLOCK = 8192
# The difference of two infinities is NaN; that of the largest numbers is 0, as the limit asks.
LARGEST = sys.float_info.max


@dataclass(frozen=True)
class Plan:
    """Which pass: what is read and written, by dtype, in the order of the kernel's arguments."""

    program: Program
    settings: tuple[str, ...]
    inputs: tuple[tuple[str, str], ...]
    weighted: bool
    order: int
    wrt: tuple[str, ...]
    pairs: tuple[tuple[str, str], ...]
    keep: str | None
    outputs: tuple[str, ...]
    check: bool
    sound: bool
    long: bool

    @property
    def arrays(self) -> int:
        """How many arrays the kernel takes: inputs, weight, terms, outputs, settings, sums."""
        return len(self.inputs) + self.weighted + bool(self.keep) + len(self.outputs) + 2


def build(plan: Plan, fma: bool, data: int) -> str:
    """Write kernel(inputs…, weight?, terms?, outputs…, settings, sums, start, stop, scale)."""
    code = Code(fma, data)
    body = _Body(plan, code)
    sums = code.array("sums", "float64")
    return code.text(["start", "stop"], _blocks(code, body, sums))


def read_settings(code: Code, names: tuple[str, ...]) -> Numbers:
    """Load the hyperparameters, each into all lanes."""
    numbers, table = Numbers(), code.array("settings", "float64")
    for place, name in enumerate(names):
        numbers[name] = code.splat(code.load_scalar(table, Value(code, "i64", str(place))))
    numbers.steady = frozenset(names)
    return numbers


def _blocks(code: Code, body: _Body, sums: Stream) -> Value:
    start, stop = Value(code, "i64", "%start"), Value(code, "i64", "%stop")
    zero = code.like(0.0, REAL)

    def block(begin: Value, carried: list[Value]) -> list[Value]:
        limit = begin + BLOCK
        end = code.select(code.compare("slt", limit, stop), limit, stop)
        full = begin + ((end - begin) & -LANES)
        (acc,) = code.loop(begin, full, LANES, [zero], lambda i, s: [s[0] + body.step(i, None)])
        tail = tail_mask(code, full, end)
        (acc,) = code.when(code.compare("slt", full, end), lambda: [acc + body.step(full, tail)], [acc])
        return [store_sum(code, sums, acc, code.integer("sdiv", begin - start, BLOCK))]

    return code.loop(start, stop, BLOCK, [code.like(0.0, "double")], block)[0]


def store_sum(code: Code, sums: Stream, acc: Value, place: Value) -> Value:
    """Fold sixteen partial sums in a fixed tree and keep the result as that of one block."""
    total = code.first(code.fold(acc, lambda x, y: x + y))
    code.store_scalar(sums, place, total)
    return total


def tail_mask(code: Code, begin: Value, end: Value) -> Value:
    """Lanes of [begin, end) when fewer than sixteen elements are left."""
    lanes = Value(code, INTEGER, "<" + ", ".join(f"i64 {i}" for i in range(LANES)) + ">")
    return code.compare("slt", lanes, code.splat(end - begin))


class _Body:
    def __init__(self, plan: Plan, code: Code) -> None:
        self.plan, self.code = plan, code
        self.reads = {name: code.array(f"in{k}", dtype) for k, (name, dtype) in enumerate(plan.inputs)}
        self.weight = code.array("weight", "float64") if plan.weighted else None
        self.terms = code.array("terms", plan.keep) if plan.keep else None
        self.writes = [code.array(f"out{k}", dtype) for k, dtype in enumerate(plan.outputs)]
        self.steady = read_settings(code, plan.settings)
        self.scale = code.splat(Value(code, "double", "%scale"))

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
        roots += [self._value()] if plan.order < 2 else []
        roots += [program.slopes(n) for n in plan.wrt] if plan.order > 0 else []
        return roots + [program.curvatures(*pair) for pair in plan.pairs]

    def _value(self) -> Node:
        value = self.plan.program.value
        return finished(value, frozenset(self.reads)) if self.plan.long else value

    def _add(self, results: list[Value], weight: Value | None, i: Value, mask: Value | None) -> Value:
        code, checked = self.code, self.plan.check and self.plan.program.outside is not None
        term = self._term(results[checked:], weight)
        if self.terms:
            code.store(self.terms, i, term, mask)
        if not checked:
            return term
        outside = results[0]
        if weight is not None:
            outside = outside & code.compare("une", weight, 0.0)
        return code.select(outside, math.nan, term)

    def _term(self, results: list[Value], weight: Value | None) -> Value:
        if self.plan.order < 2:
            return weigh(self.code, results[0], weight, None)
        return self._curved(results, weight) if self.plan.sound else self.code.like(0.0, REAL)

    def _curved(self, results: list[Value], weight: Value | None) -> Value:
        code, outputs, found = self.code, len(self.plan.wrt), []
        weighed = [weigh(code, x, weight, None) for x in results]
        for slope, bent in zip(weighed[:outputs], weighed[outputs:], strict=True):
            fit = code.compare("olt", code.call("llvm.fabs", REAL, slope), STEEP) & code.compare("oge", bent, 0.0)
            found.append(code.select(fit, bent, math.nan))
        return sum(found[1:], start=found[0])


def weigh(code: Code, x: Value, weight: Value | None, scale: Value | None) -> Value:
    """x·weight·scale; a zero weight wins over anything."""
    if weight is None:
        return x if scale is None else x * scale
    return kept(code, x * (weight if scale is None else weight * scale), weight)


def kept(code: Code, x: Value, weight: Value | None) -> Value:
    """x, and 0 where the weight it holds is 0."""
    return x if weight is None else code.select(code.compare("oeq", weight, 0.0), 0.0, x)
