"""Laws of arrays: dtypes, layouts, what is written and what is not."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.kinds import Row
from lossfn.explanation.laws.agree import CLOSE, agree, demand, total
from lossfn.explanation.laws.case import Case


def inputs(case: Case) -> None:
    """Read-only arguments are accepted, and left as they are."""
    arguments = case.arguments()
    several = [*_tuple(arguments[0]), arguments[1]]
    before = [array.tobytes() for array in several]
    for frozen in (False, True):
        for array in several:
            array.setflags(write=not frozen)
        _ask(case.loss, *arguments)
        demand(before == [array.tobytes() for array in several], "a call wrote into its arguments")


def _tuple(prediction: Any) -> tuple[Array, ...]:
    return prediction if isinstance(prediction, tuple) else (prediction,)


def _ask(loss: Any, prediction: Any, target: Any, **options: Any) -> list[Any]:
    """Return terms, gradient and hessian as the caller sees them."""
    found = [loss(prediction, target, reduction="none", **options)]
    if loss.differentiable:
        found += [loss.value_and_grad(prediction, target, reduction="sum", **options)[1]]
        found += loss.grad_and_hess(prediction, target, **options)
    return found


def layouts(case: Case) -> None:
    """The same numbers give the same bits however they lie in memory, and along whichever axis."""
    prediction, target = case.arguments()
    expected = _ask(case.loss, prediction, target)
    for name, lay in LAYOUTS.items():
        laid = tuple(map(lay, _tuple(prediction)))
        found = _ask(case.loss, laid if len(laid) > 1 else laid[0], lay(target))
        for got, known in zip(found, expected, strict=True):
            agree(case, f"results for {name} arrays", _flat(got), _flat(known))
    if case.over_classes:
        found = _ask(case.loss, np.ascontiguousarray(prediction.T), np.ascontiguousarray(target.T), axis=0)
        for got, known in zip(found, expected, strict=True):
            demand(got.T.shape == known.shape, f"shape along axis 0: expected {known.T.shape}, got {got.shape}")
            agree(case, "results along axis 0", got.T, known)


def _flat(result: Any) -> Array:
    return np.concatenate([np.asarray(x, np.float64).reshape(-1) for x in _tuple(result)])


def _strided(x: Array) -> Array:
    return np.repeat(x, 2, axis=-1)[..., ::2]


LAYOUTS: dict[str, Callable[[Array], Array]] = {
    "strided": _strided,
    "backward": lambda x: np.ascontiguousarray(x[::-1])[::-1],
    "Fortran": np.asfortranarray,
    "big-endian": lambda x: x.astype(x.dtype.newbyteorder(">")),
    "unaligned": lambda x: np.frombuffer(b"\0" + x.tobytes(), x.dtype, offset=1).reshape(x.shape),
}


def outputs(case: Case) -> None:
    """A gradient goes into `out` if one is given, whole; beside value and hessian it is what it is alone."""
    if not case.loss.differentiable:
        return
    prediction, target = case.arguments()
    value, fresh = case.loss.value_and_grad(prediction, target)
    total(case, "value beside a gradient", value, np.array([case.loss(prediction, target)]))
    _into(case, value, case.folded(fresh))
    terms, _ = case.loss.value_and_grad(prediction, target, reduction="none")
    agree(case, "value of a term beside a gradient", np.asarray(terms).reshape(-1), case.values())
    beside, slopes = case.folded(case.loss.grad_and_hess(prediction, target)[0]), case.slopes()
    agree(case, "gradient beside a hessian", beside, slopes, CLOSE * abs(slopes))


def _into(case: Case, value: Any, gradient: Array) -> None:
    prediction, target = case.arguments()
    given = tuple(np.full_like(x, np.nan) for x in _tuple(prediction))
    again, back = case.loss.value_and_grad(prediction, target, out=given if len(given) > 1 else given[0])
    same = all(a is b for a, b in zip(_tuple(back), given, strict=True))
    demand(same, "what came back is not the array given as out")
    agree(case, "gradient in out", case.folded(back), gradient)
    agree(case, "value beside out", np.array([again]), np.array([value]))


def integers(case: Case) -> None:
    """Whole numbers are computed in float64, whatever their type."""
    whole = replace(case, points=np.round(case.points), target=np.round(case.target).astype(case.target.dtype))
    if not whole.allowed:
        return
    prediction, target = whole.arguments()
    small = tuple(x.astype(np.int8) for x in _tuple(prediction))
    found = _ask(case.loss, small if len(small) > 1 else small[0], target.astype(np.int8))
    for got, expected in zip(found, _ask(case.loss, prediction, target), strict=True):
        agree(case, "results for whole numbers", _flat(got), _flat(expected))
        demand(_tuple(got)[0].dtype == np.float64, f"dtype for whole numbers: {_tuple(got)[0].dtype}")


def dtypes(case: Case) -> None:
    """Narrow floats give what float64 gives on the same numbers, to the last digit they can hold."""
    for dtype in _narrow():
        target = case.target if isinstance(case.loss, Row) else case.target.astype(dtype).astype(np.float64)
        rounded = replace(case, points=case.points.astype(dtype).astype(np.float64), target=target)
        truth, arguments = rounded.answers(), rounded.arguments(dtype)
        found = {"value": case.loss(*arguments, reduction="none")}
        if case.loss.differentiable:
            found["gradient"], found["hessian"] = case.loss.grad_and_hess(*arguments)
        for what, got in found.items():
            demand(_tuple(got)[0].dtype == dtype, f"{what} of {dtype} input has dtype {_tuple(got)[0].dtype}")
            folded = case.folded(got) if what != "value" else np.asarray(got, np.float64).reshape(-1)
            _narrowly(rounded, f"{what} in {dtype}", dtype, folded, truth[what])
        _mean(rounded, dtype, truth["value"])


def _narrow() -> list[Any]:
    try:
        import ml_dtypes
    except ImportError:
        return [np.dtype(np.float32), np.dtype(np.float16)]
    return [np.dtype(np.float32), np.dtype(np.float16), np.dtype(ml_dtypes.bfloat16)]


def _narrowly(case: Case, what: str, dtype: Any, got: Array, truth: Array) -> None:
    eps, tiny, top = _precision(dtype)
    finite = np.isfinite(truth) & (abs(truth) < top)
    size = abs(truth)[finite].max(initial=0.0)
    agree(case, what, got, truth, eps * (abs(truth) + size / 32) + tiny, finite)
    agree(case, what, np.isnan(got) * 1.0, np.isnan(truth) * 1.0)


def _precision(dtype: Any) -> tuple[float, float, float]:
    if dtype.name == "bfloat16":
        return 2.0**-7, 2.0**-133, 3.38e38
    info = np.finfo(dtype)
    return float(info.eps), float(info.smallest_subnormal), float(info.max)


def _mean(case: Case, dtype: Any, terms: Array) -> None:
    """Compare a mean over many narrow terms: summed in the narrow dtype it would have stopped growing."""
    many = case.take(np.tile(np.arange(case.rows), 100))
    mean = case.loss(*many.arguments(dtype))
    demand(mean.dtype == np.float32, f"mean of {dtype} input has dtype {mean.dtype}")
    expected, size = terms.sum() / case.shares.sum(), abs(terms).sum() / case.shares.sum()
    if np.isfinite(expected):
        agree(case, f"mean in {dtype}", np.array([mean], np.float64), np.array([expected]), 2.0**-20 * size)
