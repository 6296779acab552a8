"""Arrays in memory: sixteen elements at a time, of any float type, rounded on the way out."""

from __future__ import annotations

from typing import NamedTuple

from lossfn.engines.native.instructions import Instructions
from lossfn.engines.native.value import LANES, MASK, Value, suffix


class Stream(NamedTuple):
    """An array argument: its pointer and the dtype of its elements."""

    pointer: str
    dtype: str


MEMORY = {"float32": "float", "float64": "double", "float16": "half", "bfloat16": "i16", "int32": "i32", "int64": "i64"}
BYTES = {"float32": 4, "float64": 8, "float16": 2, "bfloat16": 2, "int32": 4, "int64": 8}


class Memory(Instructions):
    """Loads and stores."""

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
        name = f"{kind} @llvm.masked.load.{suffix(kind)}.p0"
        self.declared.add(f"declare {name}(ptr, i32, {MASK}, {kind})")
        read = self.let(f"call {name}(ptr {at}, i32 {size}, {MASK} {mask.name}, {kind} zeroinitializer)", kind)
        return self.widen(read, stream.dtype)

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

    def fetch(self, stream: Stream, index: Value, write: bool) -> None:
        """Have the cache line of an element brought near; beyond the end of an array nothing happens."""
        self.declared.add("declare void @llvm.prefetch.p0(ptr, i32, i32, i32)")
        self.do(f"call void @llvm.prefetch.p0(ptr {self.address(stream, index)}, i32 {int(write)}, i32 3, i32 1)")

    def load_one(self, stream: Stream, index: Value) -> Value:
        """One element as float64 in all lanes."""
        return self.double(self.widen(self.splat(self.load_scalar(stream, index)), stream.dtype))

    def load_scalar(self, stream: Stream, index: Value) -> Value:
        """One element as it is."""
        kind = MEMORY[stream.dtype]
        return self.let(f"load {kind}, ptr {self.address(stream, index)}, align {BYTES[stream.dtype]}", kind)

    def store_one(self, stream: Stream, index: Value, x: Value) -> None:
        """Round one float64 to the stream's dtype and write it."""
        self.store_scalar(stream, index, self.first(self.narrow(self.splat(x), stream.dtype)))

    def store_scalar(self, stream: Stream, index: Value, x: Value) -> None:
        """Write one element that has the stream's dtype already."""
        self.do(f"store {x.kind} {x.name}, ptr {self.address(stream, index)}, align {BYTES[stream.dtype]}")

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
