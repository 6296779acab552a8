"""The map template: several arrays take new values, element by element, in one pass over memory."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.maps import Map
from lossfn.engines.native import machine
from lossfn.engines.native.code import Code
from lossfn.engines.native.emit import Numbers, emit
from lossfn.engines.native.memory import MEMORY
from lossfn.engines.native.pointwise import read_settings, tail_mask
from lossfn.engines.native.value import LANES, Value


def change(plan: Map, arrays: Sequence[Array], numbers: Sequence[float]) -> None:
    """Write the new values over the old ones; flat contiguous arrays of one dtype."""
    _kernel(plan, arrays[0].dtype)(*arrays, np.array(numbers), 0, len(arrays[0]), 1.0)


@lru_cache(maxsize=256)
def _kernel(plan: Map, dtype: np.dtype[Any]) -> Any:
    target = machine.machine()
    return machine.function(build(plan, dtype.name, target.fma, target.data), len(plan.arrays) + 1, 2)


def build(plan: Map, dtype: str, fma: bool, data: int) -> str:
    """Write kernel(arrays…, settings, start, stop, scale)."""
    code = Code(fma, data)
    streams = {name: code.array(f"array{place}", dtype) for place, name in enumerate(plan.arrays)}
    roots, kind = list(plan.results.values()), f"<{LANES} x {MEMORY[dtype]}>"
    steady = {name: code.narrow(number, dtype) for name, number in read_settings(code, plan.numbers).items()}

    def step(i: Value, mask: Value | None) -> list[Value]:
        values = Numbers(steady | {name: code.load_raw(stream, i, mask) for name, stream in streams.items()})
        values.steady = frozenset(steady)
        for name, result in zip(plan.results, emit(code, roots, values, False, kind), strict=True):
            code.store(streams[name], i, result, mask)
        return []

    start, stop = Value(code, "i64", "%start"), Value(code, "i64", "%stop")
    full = start + ((stop - start) & -LANES)
    code.loop(start, full, LANES, [], lambda i, carried: step(i, None))
    code.when(code.compare("slt", full, stop), lambda: step(full, tail_mask(code, full, stop)), [])
    return code.text(["start", "stop"], code.like(0.0, "double"))
