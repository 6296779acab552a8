"""LLVM text, written the way a loop is read: values with operators, `loop`, sixteen lanes.

Sixteen explicit lanes need no vectoriser and no fast-math: order of operations, and so every bit of the
result, is fixed by the template. Sixteen also fills two AVX-512 or four AVX2 registers of float64.
"""

from __future__ import annotations

import struct
from collections.abc import Callable, Sequence
from typing import NamedTuple

LANES = 16
REAL = f"<{LANES} x double>"
INTEGER = f"<{LANES} x i64>"
MASK = f"<{LANES} x i1>"


class Value:
    """One SSA value; arithmetic on it appends instructions."""

    __slots__ = ("code", "kind", "name")

    def __init__(self, code: Code, kind: str, name: str) -> None:
        self.code, self.kind, self.name = code, kind, name

    def __add__(self, other: Value | float) -> Value:
        return self.code.binary("add", self, other)

    __radd__ = __add__

    def __sub__(self, other: Value | float) -> Value:
        return self.code.binary("sub", self, other)

    def __rsub__(self, other: float) -> Value:
        return self.code.binary("sub", self.code.like(other, self.kind), self)

    def __mul__(self, other: Value | float) -> Value:
        return self.code.binary("mul", self, other)

    __rmul__ = __mul__

    def __truediv__(self, other: Value | float) -> Value:
        return self.code.binary("div", self, other)

    def __rtruediv__(self, other: float) -> Value:
        return self.code.binary("div", self.code.like(other, self.kind), self)

    def __neg__(self) -> Value:
        return self.code.let(f"fneg {self.kind} {self.name}", self.kind)

    def __and__(self, other: Value | int) -> Value:
        return self.code.integer("and", self, other)

    def __or__(self, other: Value | int) -> Value:
        return self.code.integer("or", self, other)

    def __xor__(self, other: Value | int) -> Value:
        return self.code.integer("xor", self, other)

    def __lshift__(self, other: int) -> Value:
        return self.code.integer("shl", self, other)

    def __rshift__(self, other: int) -> Value:
        return self.code.integer("ashr", self, other)


class Stream(NamedTuple):
    """An array argument: its pointer and the dtype of its elements."""

    pointer: str
    dtype: str


MEMORY = {"float32": "float", "float64": "double", "float16": "half", "bfloat16": "i16", "int64": "i64"}
BYTES = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int64": 8}


class Code:
    """A function body under construction."""

    def __init__(self, fma: bool) -> None:
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.fused = fma
        self.count = 0
        self.block = "entry"

    # -- instructions ---------------------------------------------------------------------------------

    def let(self, instruction: str, kind: str) -> Value:
        """Append an instruction and name its result."""
        self.count += 1
        self.lines.append(f"  %v{self.count} = {instruction}")
        return Value(self, kind, f"%v{self.count}")

    def do(self, instruction: str) -> None:
        """Append an instruction without a result."""
        self.lines.append(f"  {instruction}")

    def like(self, number: float | Value, kind: str) -> Value:
        """Return a number as a constant of that kind."""
        return number if isinstance(number, Value) else Value(self, kind, literal(number, kind))

    def binary(self, verb: str, x: Value, y: Value | float) -> Value:
        """Append floating or integer arithmetic, as the kind asks."""
        real = "double" in x.kind or "float" in x.kind
        return self.let(f"{'f' * real}{verb} {x.kind} {x.name}, {self.like(y, x.kind).name}", x.kind)

    def integer(self, verb: str, x: Value, y: Value | int) -> Value:
        """Append a bit operation."""
        return self.let(f"{verb} {x.kind} {x.name}, {self.like(y, x.kind).name}", x.kind)

    def fma(self, x: Value, y: Value | float, z: Value | float) -> Value:
        """x·y + z, rounded once where the processor can."""
        y, z = self.like(y, x.kind), self.like(z, x.kind)
        return self.call("llvm.fma", x.kind, x, y, z) if self.fused else x * y + z

    def horner(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Evaluate a polynomial, coefficients lowest first."""
        result = self.like(coefficients[-1], x.kind)
        for c in reversed(coefficients[:-1]):
            result = self.fma(result, x, c) if result.name.startswith("%") else self.fma(x, result, c)
        return result

    def call(self, name: str, kind: str, *args: Value) -> Value:
        """Call an intrinsic overloaded on the result's kind."""
        full = f"{name}.{suffix(kind)}"
        self.declared.add(f"declare {kind} @{full}({', '.join(a.kind for a in args)})")
        return self.let(f"call {kind} @{full}({', '.join(f'{a.kind} {a.name}' for a in args)})", kind)

    def compare(self, how: str, x: Value, y: Value | float) -> Value:
        """Compare; floating comparisons with NaN are false (`une`, `uno`: true)."""
        kind = x.kind.replace(x.kind.strip("<>").split(" ")[-1], "i1")
        verb = "fcmp" if "double" in x.kind or "float" in x.kind else "icmp"
        return self.let(f"{verb} {how} {x.kind} {x.name}, {self.like(y, x.kind).name}", kind)

    def select(self, condition: Value, x: Value | float, y: Value | float) -> Value:
        """`x` in the lanes where the condition holds, else `y`."""
        kind = x.kind if isinstance(x, Value) else y.kind if isinstance(y, Value) else REAL
        x, y = self.like(x, kind), self.like(y, kind)
        return self.let(f"select {condition.kind} {condition.name}, {kind} {x.name}, {kind} {y.name}", kind)

    def cast(self, verb: str, x: Value, kind: str) -> Value:
        """Convert between kinds: bitcast, fpext, fptrunc, zext, trunc, sitofp …"""
        return self.let(f"{verb} {x.kind} {x.name} to {kind}", kind)

    def splat(self, x: Value) -> Value:
        """A scalar in all lanes."""
        kind = f"<{LANES} x {x.kind}>"
        one = self.let(f"insertelement {kind} poison, {x.kind} {x.name}, i32 0", kind)
        return self.let(f"shufflevector {kind} {one.name}, {kind} poison, <{LANES} x i32> zeroinitializer", kind)

    def shuffle(self, x: Value, y: Value, lanes: Sequence[int]) -> Value:
        """Pick lanes of x (0-15) and y (16-31)."""
        order = ", ".join(f"i32 {lane}" for lane in lanes)
        return self.let(f"shufflevector {x.kind} {x.name}, {y.kind} {y.name}, <{LANES} x i32> <{order}>", x.kind)

    def fold(self, x: Value, join: Callable[[Value, Value], Value]) -> Value:
        """Combine the lanes of a vector in a fixed tree; every lane of the result holds it."""
        for step in (8, 4, 2, 1):
            x = join(x, self.shuffle(x, x, [lane ^ step for lane in range(LANES)]))
        return x

    def first(self, x: Value) -> Value:
        """The scalar in lane 0."""
        kind = x.kind.strip("<>").split(" ")[-1]
        return self.let(f"extractelement {x.kind} {x.name}, i32 0", kind)

    def transpose(self, rows: list[Value]) -> list[Value]:
        """Turn sixteen rows of sixteen lanes into columns: four rounds of two-input shuffles."""
        for step in (8, 4, 2, 1):
            low = [lane if not lane & step else lane - step + LANES for lane in range(LANES)]
            high = [lane + step if not lane & step else lane + LANES for lane in range(LANES)]
            following = list(rows)
            for i in range(LANES):
                if not i & step:
                    following[i] = self.shuffle(rows[i], rows[i + step], low)
                    following[i + step] = self.shuffle(rows[i], rows[i + step], high)
            rows = following
        return rows

    # -- control ------------------------------------------------------------------------------------------

    def label(self, name: str) -> None:
        """Begin a basic block."""
        self.lines.append(f"{name}:")
        self.block = name

    def fresh(self, name: str) -> str:
        """Return an unused block name."""
        self.count += 1
        return f"{name}{self.count}"

    def loop(
        self,
        start: Value,
        stop: Value,
        step: int,
        carried: Sequence[Value],
        body: Callable[[Value, list[Value]], Sequence[Value]],
    ) -> list[Value]:
        """For i = start; i < stop; i += step: carried = body(i, carried)."""
        head, inside, done = self.fresh("head"), self.fresh("body"), self.fresh("done")
        before = self.block
        self.do(f"br label %{head}")
        self.label(head)
        place = len(self.lines)
        i = Value(self, start.kind, f"%i{self.count}")
        state = [Value(self, c.kind, f"%c{self.count}_{k}") for k, c in enumerate(carried)]
        go = self.compare("slt", i, stop)
        self.do(f"br i1 {go.name}, label %{inside}, label %{done}")
        self.label(inside)
        after = body(i, state)
        following = i + step
        back = self.block
        self.do(f"br label %{head}")
        pairs = [(i, start, following), *zip(state, carried, after, strict=True)]
        self.lines[place:place] = [
            f"  {s.name} = phi {s.kind} [ {a.name}, %{before} ], [ {b.name}, %{back} ]" for s, a, b in pairs
        ]
        self.label(done)
        return state

    def when(self, condition: Value, body: Callable[[], Sequence[Value]], otherwise: Sequence[Value]) -> list[Value]:
        """`body()` where a scalar condition holds, else the values given."""
        inside, done, before = self.fresh("then"), self.fresh("join"), self.block
        self.do(f"br i1 {condition.name}, label %{inside}, label %{done}")
        self.label(inside)
        results = body()
        back = self.block
        self.do(f"br label %{done}")
        self.label(done)
        return [
            self.let(f"phi {r.kind} [ {o.name}, %{before} ], [ {r.name}, %{back} ]", r.kind)
            for r, o in zip(results, otherwise, strict=True)
        ]

    # -- memory -------------------------------------------------------------------------------------------

    def address(self, stream: Stream, index: Value) -> str:
        """Pointer to an element."""
        return self.let(f"getelementptr {MEMORY[stream.dtype]}, ptr {stream.pointer}, i64 {index.name}", "ptr").name

    def load(self, stream: Stream, index: Value, mask: Value | None = None) -> Value:
        """Sixteen consecutive elements as float64 (int64 as they are); masked lanes read nothing and hold 0."""
        return self.double(self.load_raw(stream, index, mask))

    def load_raw(self, stream: Stream, index: Value, mask: Value | None = None) -> Value:
        """Sixteen consecutive elements, half types as float32; masked lanes read nothing and hold 0."""
        kind, at = f"<{LANES} x {MEMORY[stream.dtype]}>", self.address(stream, index)
        size = BYTES[stream.dtype]
        if mask is None:
            return self.widen(self.let(f"load {kind}, ptr {at}, align {size}", kind), stream.dtype)
        self.declared.add(f"declare {kind} @llvm.masked.load.{suffix(kind)}.p0(ptr, i32, {MASK}, {kind})")
        raw = f"call {kind} @llvm.masked.load.{suffix(kind)}.p0(ptr {at}, i32 {size}, {MASK} {mask.name}, {kind} zeroinitializer)"
        return self.widen(self.let(raw, kind), stream.dtype)

    def store(self, stream: Stream, index: Value, x: Value, mask: Value | None = None) -> None:
        """Round sixteen float64 to the stream's dtype and write them; masked lanes write nothing."""
        self.store_raw(stream, index, self.narrow(x, stream.dtype), mask)

    def store_raw(self, stream: Stream, index: Value, x: Value, mask: Value | None = None) -> None:
        """Write sixteen elements that have the stream's dtype already."""
        at, size = self.address(stream, index), BYTES[stream.dtype]
        if mask is None:
            self.do(f"store {x.kind} {x.name}, ptr {at}, align {size}")
            return
        self.declared.add(f"declare void @llvm.masked.store.{suffix(x.kind)}.p0({x.kind}, ptr, i32, {MASK})")
        to = f"{x.kind} {x.name}, ptr {at}, i32 {size}, {MASK} {mask.name}"
        self.do(f"call void @llvm.masked.store.{suffix(x.kind)}.p0({to})")

    def widen(self, x: Value, dtype: str) -> Value:
        """Bring half types to float32."""
        if dtype == "bfloat16":
            wide = self.cast("zext", x, f"<{LANES} x i32>") << 16
            return self.cast("bitcast", wide, f"<{LANES} x float>")
        return self.cast("fpext", x, f"<{LANES} x float>") if dtype == "float16" else x

    def double(self, x: Value) -> Value:
        """Bring float32 to float64."""
        return self.cast("fpext", x, x.kind.replace("float", "double")) if "float" in x.kind else x

    def narrow(self, x: Value, dtype: str) -> Value:
        """Round float64 (or float32) to what memory holds."""
        if dtype in ("float64", "int64"):
            return x
        x = self.cast("fptrunc", x, f"<{LANES} x float>") if "double" in x.kind else x
        if dtype == "float16":
            return self.cast("fptrunc", x, f"<{LANES} x half>")
        return self._to_bfloat(x) if dtype == "bfloat16" else x

    def _to_bfloat(self, x: Value) -> Value:
        # Round to nearest even on the bits: the processor's own instruction flushes subnormals to 0.
        bits = self.cast("bitcast", x, f"<{LANES} x i32>")
        odd = self.integer("lshr", bits, 16) & 1
        rounded = self.integer("lshr", bits + odd + 0x7FFF, 16)
        quiet = self.integer("lshr", bits, 16) | 0x40
        return self.cast("trunc", self.select(self.compare("uno", x, x), quiet, rounded), f"<{LANES} x i16>")


def literal(number: float, kind: str) -> str:
    """Write a constant of a kind, the same in all lanes of a vector."""
    scalar = kind.strip("<>").split(" ")[-1]
    text = str(int(number)) if scalar.startswith("i") else f"0x{struct.pack('>d', number).hex().upper()}"
    return f"splat ({scalar} {text})" if kind.startswith("<") else text


def suffix(kind: str) -> str:
    """Mangle a kind as intrinsics do."""
    scalar = kind.strip("<>").split(" ")[-1]
    short = {"double": "f64", "float": "f32", "half": "f16"}.get(scalar, scalar)
    return f"v{LANES}{short}" if kind.startswith("<") else short
