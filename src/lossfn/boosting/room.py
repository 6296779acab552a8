"""Memory that is written again: fresh pages cost an objective more than its arithmetic."""

from __future__ import annotations

from collections.abc import Iterator
from math import prod
from threading import Lock
from typing import Any
from weakref import ref

import numpy as np

from lossfn.core.arrays import Array

SMALL = 16384  # numbers; to allocate fewer costs nothing


class Room:
    """Gives arrays, and their memory again once nobody holds them or a view of them."""

    def __init__(self) -> None:
        self.given: list[tuple[memoryview, ref[Array]]] = []
        self.lock = Lock()

    def arrays(self, count: int, shape: tuple[int, ...], dtype: Any) -> tuple[Array, ...]:
        """Return arrays that hold anything."""
        numbers = prod(shape)
        if numbers < SMALL:
            return tuple([np.empty(shape, dtype) for _ in range(count)])
        with self.lock:
            memories = self._memories(numbers * np.dtype(dtype).itemsize)
            # Every view has this flat array as its base, since what lies beneath it is not an array.
            flat = [(memory, np.frombuffer(memory, dtype)) for _, memory in zip(range(count), memories, strict=False)]
            kept = [(memory, known) for memory, known in self.given if known() is not None]
            self.given = kept + [(memory, ref(array)) for memory, array in flat]
        return tuple(array.reshape(shape) for _, array in flat)

    def _memories(self, size: int) -> Iterator[memoryview]:
        yield from (memory for memory, known in self.given if known() is None and memory.nbytes == size)
        while True:
            yield np.empty(size, np.uint8).data
