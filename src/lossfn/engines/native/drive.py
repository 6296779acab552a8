"""Driving a row template: rows to blocks, blocks to threads."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from types import ModuleType
from typing import NamedTuple

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.dispatch import Ask
from lossfn.engines.native import pool
from lossfn.engines.native.elements import Pass, in_place, joined

# Rows that no vector load can read in place pass through buffers of about this many elements.
CHUNK = 1 << 16


class Arrays(NamedTuple):
    """What a row kernel reads and writes, in the order of its arguments."""

    wide: Sequence[Array]
    dtypes: Sequence[np.dtype[np.generic]]
    narrow: Sequence[Array]
    tables: Sequence[Array]
    terms: Sequence[Array]
    outs: Sequence[Array]


def drive(template: ModuleType, compiled: Pass, arrays: Arrays, ask: Ask) -> float:
    """Run a compiled pass over all rows; return the sum of the terms."""
    (rows, classes), (function, fixed) = arrays.wide[0].shape, compiled
    sums = np.zeros(-(-rows // template.BLOCK))

    def work(start: int, stop: int) -> None:
        scratch = np.empty(template.scratch(classes, ask.order))
        for begin, end, wide, outs in _in_reach(arrays, template.BLOCK, start, stop):
            narrow, terms = ([a[begin:end] for a in some] for some in (arrays.narrow, arrays.terms))
            into = sums[begin // template.BLOCK :]
            given = (*wide, *narrow, *arrays.tables, *terms, *outs, fixed, scratch, into)
            function(*given, classes, 0, end - begin, ask.scale)

    pool.share(work, rows, template.BLOCK, rows * classes)
    return joined(sums)


def _in_reach(arrays: Arrays, block: int, start: int, stop: int) -> Iterator[tuple[int, int, list[Array], list[Array]]]:
    """Yield ranges of rows with inputs and outputs that lie as a kernel reads them."""
    pairs = list(zip(arrays.wide, arrays.dtypes, strict=True))
    if all(in_place(a, d) for a, d in pairs) and all(out.flags.c_contiguous for out in arrays.outs):
        yield start, stop, [a[start:stop] for a in arrays.wide], [out[start:stop] for out in arrays.outs]
        return
    classes = arrays.wide[0].shape[1]
    step = max(1, CHUNK // (classes * block)) * block
    for begin in range(start, stop, step):
        end = min(begin + step, stop)
        outs = [np.empty((end - begin, classes), out.dtype) for out in arrays.outs]
        yield begin, end, [np.ascontiguousarray(a[begin:end], dtype=d) for a, d in pairs], outs
        for out, filled in zip(arrays.outs, outs, strict=True):
            out[begin:end] = filled
