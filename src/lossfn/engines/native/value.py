"""One SSA value of LLVM text, with the operators of arithmetic."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossfn.engines.native.instructions import Instructions

LANES = 16
REAL = f"<{LANES} x double>"
INTEGER = f"<{LANES} x i64>"
MASK = f"<{LANES} x i1>"


class Value:
    """One SSA value; arithmetic on it appends instructions."""

    __slots__ = ("code", "kind", "name")

    def __init__(self, code: Instructions, kind: str, name: str) -> None:
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
