"""LLVM text, written the way a loop is read: values with operators, `loop`, sixteen lanes.

Sixteen explicit lanes need no vectoriser and no fast-math: order of operations, and so every bit of the
result, is fixed by the template. Sixteen also fills two AVX-512 or four AVX2 registers of float64.

A kernel takes NumPy arrays as the addresses of their objects and reads the data pointer there: `id(array)`
costs 0.03 µs where `array.ctypes.data` costs 1.5.
"""

from __future__ import annotations

from collections.abc import Sequence

from lossfn.engines.native.control import Control
from lossfn.engines.native.memory import Memory, Stream
from lossfn.engines.native.value import Value

# How many float64 a cache line holds.
LINE = 8


class Code(Memory, Control):
    """A kernel under construction: kernel(arrays…, integers…, scale) -> the sum of the terms."""

    def __init__(self, fma: bool, data: int) -> None:
        super().__init__(fma)
        self.data = data
        self.arrays: list[str] = []

    def array(self, name: str, dtype: str) -> Stream:
        """Declare an array argument and read where its data lie."""
        self.arrays.append(name)
        return Stream(self.data_of(f"%{name}"), dtype)

    def data_of(self, array: str) -> str:
        """Read where the data of an array object lie."""
        at = self.let(f"getelementptr i8, ptr {array}, i64 {self.data}", "ptr")
        return self.let(f"load ptr, ptr {at.name}, align 8", "ptr").name

    def room(self, name: str) -> Stream:
        """Declare scratch space, used from its next cache line on: vectors across two lines cost twice."""
        start = self.let(f"ptrtoint ptr {self.array(name, 'float64').pointer} to i64", "i64")
        line = start + (8 * LINE - 1) & -8 * LINE
        return Stream(self.let(f"inttoptr i64 {line.name} to ptr", "ptr").name, "float64")

    def text(self, integers: Sequence[str], result: Value) -> str:
        """Close the kernel and return its module."""
        self.do(f"ret double {result.name}")
        head = ", ".join([*(f"ptr %{a}" for a in self.arrays), *(f"i64 %{i}" for i in integers), "double %scale"])
        body = "\n".join(self.lines)
        return "\n".join(sorted(self.declared)) + f"\ndefine double @kernel({head}) {{\nentry:\n{body}\n}}\n"
