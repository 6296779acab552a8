"""Running the pointwise template: arrays to pointers, blocks to threads, block sums to one total."""

from __future__ import annotations

import ctypes
import math
from functools import lru_cache
from typing import Any

import numpy as np

from lossfn.core.arrays import Array, float_dtype
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.kinds import Pointwise
from lossfn.core.program import trace
from lossfn.engines.native import machine, pool
from lossfn.engines.native.pointwise import BLOCK, Plan, build

# Arrays that no vector load can read in place pass through buffers of this many elements.
CHUNK = 8 * BLOCK


@lru_cache(maxsize=4096)
def kernel(plan: Plan) -> Any:
    """Compile a pass, or fetch it from disk."""
    text, declared = build(plan, machine.machine().fma)
    pointers = len(plan.inputs) + plan.weighted + bool(plan.keep) + len(plan.outputs) + 2
    arguments = [ctypes.c_void_p] * pointers + [ctypes.c_int64, ctypes.c_int64, ctypes.c_double]
    return machine.function("\n".join(sorted(declared)) + "\n" + text, arguments)


def run(loss: Pointwise, batch: Batch, ask: Ask) -> Answer:
    """Run a pointwise loss on a batch."""
    settings = loss.settings()
    numbers = np.array([float(v) for v in settings.values() if not np.ndim(v)])
    tables = {n: np.broadcast_to(v, batch.shape) for n, v in settings.items() if np.ndim(v)}
    reads = dict(zip(loss.inputs, (*batch.predictions, batch.target), strict=True)) | tables
    sources = (batch.target,) if ask.wrt == ("target",) else batch.predictions
    outs = ask.out or (tuple(np.empty(a.shape, float_dtype(a)) for a in sources) if ask.order > 0 else ())
    outs = outs + (tuple(np.empty(a.shape, float_dtype(a)) for a in sources) if ask.order > 1 else ())
    terms = np.empty(batch.shape, batch.dtype) if ask.keep else None
    plan = Plan(
        program=trace(loss),
        settings=tuple(n for n, v in settings.items() if not np.ndim(v)),
        inputs=tuple((n, _read_as(a, batch)) for n, a in reads.items()),
        weighted=batch.weight is not None,
        order=ask.order,
        wrt=ask.wrt,
        keep=batch.dtype.name if ask.keep else None,
        outputs=tuple(o.dtype.name for o in outs),
        check=ask.check,
        long=batch.dtype == np.float64,
    )
    weight = () if batch.weight is None else (batch.weight,)
    read = (*reads.values(), *weight)
    dtypes = (*(d for _, d in plan.inputs), *("float64" for _ in weight))
    written = (*(() if terms is None else (terms,)), *outs)
    total = _sweep(kernel(plan), read, dtypes, written, numbers, ask.scale, batch.terms)
    return Answer(total, terms, outs[: len(sources)], outs[len(sources) :])


def _read_as(array: Array, batch: Batch) -> str:
    name = array.dtype.name
    return name if name in ("float32", "float64", "float16", "bfloat16") else batch.dtype.name


def _sweep(
    function: Any,
    read: tuple[Array, ...],
    dtypes: tuple[str, ...],
    written: tuple[Array, ...],
    numbers: Array,
    scale: float,
    size: int,
) -> float:
    sums = np.zeros(-(-size // BLOCK))
    fixed = numbers.ctypes.data
    direct = all(map(_direct, read, dtypes)) and all(w.flags.c_contiguous for w in written)
    pointers = [a.ctypes.data for a in (*read, *written)] if direct else []

    def work(start: int, stop: int) -> None:
        function(*pointers, fixed, sums.ctypes.data + 8 * (start // BLOCK), start, stop, scale)

    def copied(start: int, stop: int) -> None:
        for begin in range(start, stop, CHUNK):
            end = min(begin + CHUNK, stop)
            ins = [
                np.ascontiguousarray(_part(a, begin, end), dtype=np.dtype(d)) for a, d in zip(read, dtypes, strict=True)
            ]
            outs = [np.empty(end - begin, w.dtype) for w in written]
            at = [a.ctypes.data for a in (*ins, *outs)]
            function(*at, fixed, sums.ctypes.data + 8 * (begin // BLOCK), 0, end - begin, scale)
            for w, o in zip(written, outs, strict=True):
                (w if w.ndim == 1 else w.reshape(-1))[begin:end] = o

    pool.share(work if direct else copied, size, CHUNK, size)
    return math.fsum(sums) if np.isfinite(sums).all() else float(sums.sum())


def _direct(array: Array, dtype: str) -> bool:
    return array.flags.c_contiguous and array.dtype.isnative and array.dtype.name == dtype and array.flags.aligned


def _part(array: Array, begin: int, end: int) -> Array:
    return array[begin:end] if array.ndim == 1 else array.flat[begin:end]
