"""The pooling template: windows to the largest of their numbers, and slopes back to these numbers' places."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any, Literal

import numpy as np

from lossfn.core.arrays import Array
from lossfn.engines.native import machine, pool
from lossfn.engines.native.code import Code
from lossfn.engines.native.memory import MEMORY
from lossfn.engines.native.pointwise import tail_mask
from lossfn.engines.native.value import LANES, Value
from lossfn.engines.native.views import layout, named, names, nest

AXES = 5  # of a view of windows, besides the channels
Step = Literal["largest", "hand_back"]


def largest(windows: Array, out: Array, place: Array) -> None:
    """Write the largest number of each window, and which it was."""
    _run("largest", windows, out, place)


def hand_back(slope: Array, place: Array, windows: Array) -> None:
    """Add the slope of each window to the number in its place."""
    _run("hand_back", windows, slope, place)


def _run(step: Step, windows: Array, numbers: Array, place: Array) -> None:
    kernel = _kernel(step, windows.dtype)

    def work(start: int, stop: int) -> None:
        some = windows[start:stop]
        kernel(some, numbers[start:stop], place[start:stop], *layout(some, AXES), windows.shape[AXES], 1.0)

    pool.share(work, len(windows), 1, windows.size)


@lru_cache(maxsize=4)
def _kernel(step: Step, dtype: np.dtype[Any]) -> Any:
    target = machine.machine()
    return machine.function(build(step, dtype.name, target.fma, target.data), 3, 2 * AXES + 1)


def build(step: Step, dtype: str, fma: bool, data: int) -> str:
    """Write kernel(windows, numbers, places, sizes…, strides…, channels)."""
    code = Code(fma, data)
    body = _Body(code, dtype)
    body.each({"largest": body.largest, "hand_back": body.hand_back}[step])
    return code.text([*names(AXES), "channels"], code.like(0.0, "double"))


class _Body:
    """Steps of a window and some of its channels: the index in `windows`, that in the other arrays, lanes in use."""

    def __init__(self, code: Code, dtype: str) -> None:
        self.code, self.kind = code, f"<{LANES} x {MEMORY[dtype]}>"
        self.windows, self.numbers = (code.array(name, dtype) for name in ("windows", "numbers"))
        self.places, self.first = code.array("places", "int32"), code.like(0, f"<{LANES} x i32>")
        axes = named(code, AXES)
        self.over, self.within = axes[:3], axes[3:]
        self.zero, self.channels = Value(code, "i64", "0"), Value(code, "i64", "%channels")

    def each(self, step: Callable[[Value, Value, Value | None], None]) -> None:
        """Take the step for every window and all channels."""
        code, channels = self.code, self.channels
        full = channels & -LANES
        some_left, left = code.compare("slt", full, channels), tail_mask(code, full, channels)

        def window(at: Value, carried: list[Value]) -> list[Value]:
            (to,) = carried

            def some(channel: Value, mask: Value | None) -> list[Value]:
                step(at + channel, to + channel, mask)
                return []

            code.loop(self.zero, full, LANES, [], lambda channel, _: some(channel, None))
            code.when(some_left, lambda: some(full, left), [])
            return [to + channels]

        nest(code, self.over, self.zero, [self.zero], window)

    def largest(self, at: Value, to: Value, mask: Value | None) -> None:
        """Write the largest number and which it is; a NaN wins."""
        code = self.code

        def better(at: Value, carried: list[Value]) -> list[Value]:
            highest, winner, turn = carried
            number = code.load_raw(self.windows, at, mask)
            wins = code.compare("ogt", number, highest) | code.compare("uno", number, number)
            return [code.select(wins, number, highest), code.select(wins, turn, winner), turn + 1]

        lowest = code.like(-math.inf, self.kind)
        highest, winner, _ = nest(code, self.within, at, [lowest, self.first, self.first], better)
        code.store_raw(self.numbers, to, highest, mask)
        code.store_raw(self.places, to, winner, mask)

    def hand_back(self, at: Value, to: Value, mask: Value | None) -> None:
        """Add the slope to the number in the place."""
        code = self.code
        slope, winner = code.load_raw(self.numbers, to, mask), code.load_raw(self.places, to, mask)

        def add(at: Value, carried: list[Value]) -> list[Value]:
            (turn,) = carried
            share = code.select(code.compare("eq", turn, winner), slope, 0.0)
            code.store_raw(self.windows, at, code.load_raw(self.windows, at, mask) + share, mask)
            return [turn + 1]

        nest(code, self.within, at, [self.first], add)
