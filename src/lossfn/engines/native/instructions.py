"""Instructions without memory or branches: what one line of LLVM text does."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from lossfn.engines.native.value import LANES, REAL, Value, literal, suffix


class Instructions:
    """Lines of a function body; each method appends one or a few and names the result."""

    def __init__(self, fma: bool) -> None:
        self.lines: list[str] = []
        self.declared: set[str] = set()
        self.fused = fma
        self.count = 0
        self.block = "entry"

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

    def polynomial(self, x: Value, coefficients: Sequence[float]) -> Value:
        """Evaluate a polynomial, coefficients lowest first: by halves, so that few steps wait for each other."""
        parts = [self.like(c, x.kind) for c in coefficients]
        while len(parts) > 1:
            pairs = zip(parts[::2], parts[1::2], strict=False)
            parts = [self.fma(x, high, low) for low, high in pairs] + parts[len(parts) // 2 * 2 :]
            x = x * x if len(parts) > 1 else x
        return parts[0]

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
        """Convert between kinds: bitcast, fpext, fptrunc, zext, trunc, sitofp and so on."""
        return self.let(f"{verb} {x.kind} {x.name} to {kind}", kind)

    def splat(self, x: Value) -> Value:
        """A scalar in all lanes."""
        kind = f"<{LANES} x {x.kind}>"
        one = self.let(f"insertelement {kind} poison, {x.kind} {x.name}, i32 0", kind)
        return self.let(f"shufflevector {kind} {one.name}, {kind} poison, <{LANES} x i32> zeroinitializer", kind)

    def lanes(self, scalars: Sequence[Value]) -> Value:
        """Sixteen scalars, a lane each."""
        kind = f"<{LANES} x {scalars[0].kind}>"
        result = Value(self, kind, "poison")
        for lane, x in enumerate(scalars):
            result = self.let(f"insertelement {kind} {result.name}, {x.kind} {x.name}, i32 {lane}", kind)
        return result

    def lane(self, x: Value, place: int) -> Value:
        """One lane of a vector."""
        return self.let(f"extractelement {x.kind} {x.name}, i32 {place}", x.kind.strip("<>").split(" ")[-1])

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
        return self.lane(x, 0)

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
