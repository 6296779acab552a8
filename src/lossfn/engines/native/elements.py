"""Running the pointwise template: blocks to threads, block sums to one total."""

from __future__ import annotations

import math
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np

from lossfn.core.arrays import Array, joint, native_float
from lossfn.core.batch import Batch
from lossfn.core.dispatch import Answer, Ask
from lossfn.core.loss import Loss
from lossfn.core.program import trace
from lossfn.engines.native import machine, pool
from lossfn.engines.native.pointwise import BLOCK, Plan, build

# Arrays that no vector load can read in place pass through buffers of this many elements.
CHUNK = 8 * BLOCK


class Pass(NamedTuple):
    """A compiled pass and the numbers its hyperparameters have."""

    function: Any
    numbers: Array


@lru_cache(maxsize=4096)
def kernel(plan: Plan) -> Any:
    """Compile a pass, or fetch it from disk."""
    target = machine.machine()
    return machine.function(build(plan, target.fma, target.data), plan.arrays, 2)


def numbers(loss: Loss) -> dict[str, float]:
    """Return the hyperparameters that are one number."""
    return {name: float(value) for name, value in loss.settings().items() if not np.ndim(value)}


def ready(loss: Loss, ask: Ask, dtypes: tuple[np.dtype[Any], ...], out: tuple[np.dtype[Any], ...]) -> Pass:
    """Return the pass over arrays of these dtypes: inputs, hyperparameters that are arrays, weight."""
    key = (ask.order, ask.wrt, ask.pairs, ask.keep, ask.check, ask.sound, dtypes, out)
    if key not in loss.memo:
        settings = numbers(loss)
        names = (*loss.inputs, *(n for n in loss.settings() if n not in settings))
        terms = joint(*dtypes[: len(loss.inputs)])
        results = out if ask.order > 1 else (terms,)  # with second derivatives no value is computed
        plan = Plan(
            program=trace(loss),
            settings=tuple(settings),
            inputs=tuple((n, d.name) for n, d in zip(names, dtypes, strict=False)),
            weighted=len(dtypes) > len(names),
            order=ask.order,
            wrt=ask.wrt,
            pairs=ask.pairs,
            keep=terms.name if ask.keep else None,
            outputs=tuple(d.name for d in out),
            check=ask.check,
            sound=ask.sound,
            long=np.float64 in results,
        )
        loss.memo[key] = Pass(kernel(plan), np.array([*settings.values()]))
    found: Pass = loss.memo[key]
    return found


def run(loss: Loss, batch: Batch, ask: Ask) -> Answer:
    """Run a pointwise loss on a batch."""
    tables = (np.broadcast_to(v, batch.shape) for v in loss.settings().values() if np.ndim(v))
    weight = () if batch.weight is None else (batch.weight,)
    read = (*batch.predictions, batch.target, *tables, *weight)
    dtypes = tuple(_read_as(a, batch) for a in read)
    slopes, bends = batch.outputs(ask)
    terms = np.empty(batch.shape, batch.dtype) if ask.keep else None
    compiled = ready(loss, ask, dtypes, tuple(o.dtype for o in (*slopes, *bends)))
    written = (*(() if terms is None else (terms,)), *slopes, *bends)
    total = sweep(compiled, read, dtypes, written, ask.scale, batch.terms)
    return Answer(total, terms, slopes, bends)


def _read_as(array: Array, batch: Batch) -> np.dtype[Any]:
    return native_float(array.dtype) or batch.dtype


def sweep(
    compiled: Pass,
    read: tuple[Array, ...],
    dtypes: tuple[np.dtype[Any], ...],
    written: tuple[Array, ...],
    scale: float,
    size: int,
) -> float:
    """Run a compiled pass over all elements; return the sum of the terms."""
    sums = np.zeros(-(-size // BLOCK))
    function, fixed = compiled
    direct = all(map(in_place, read, dtypes)) and all(w.flags.c_contiguous for w in written)

    def work(start: int, stop: int) -> None:
        function(*read, *written, fixed, sums[start // BLOCK :], start, stop, scale)

    def copied(start: int, stop: int) -> None:
        for begin in range(start, stop, CHUNK):
            end = min(begin + CHUNK, stop)
            ins = [np.ascontiguousarray(_part(a, begin, end), dtype=d) for a, d in zip(read, dtypes, strict=True)]
            outs = [np.empty(end - begin, w.dtype) for w in written]
            function(*ins, *outs, fixed, sums[begin // BLOCK :], 0, end - begin, scale)
            for w, o in zip(written, outs, strict=True):
                (w if w.ndim == 1 else w.reshape(-1))[begin:end] = o

    pool.share(work if direct else copied, size, CHUNK, size)
    return joined(sums)


def joined(sums: Array) -> float:
    """Add the blocks' sums, exactly rounded where they are finite."""
    total = float(sums.sum())
    return math.fsum(sums) if math.isfinite(total) and len(sums) > 1 else total


def in_place(array: Array, dtype: np.dtype[Any]) -> bool:
    """Tell whether a kernel can read an array where it lies."""
    return array.flags.c_contiguous and array.dtype == dtype and array.flags.aligned


def _part(array: Array, begin: int, end: int) -> Array:
    return array[begin:end] if array.ndim == 1 else array.flat[begin:end]
