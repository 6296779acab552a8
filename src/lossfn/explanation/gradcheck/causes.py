"""Why a gradient is wrong: the mistakes people make have shapes of their own."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.explanation.gradcheck.differences import Slopes

Array = NDArray[Any]
CLOSE = 1e-4


def cause(gradient: Array, found: Slopes, at: Array, right: Array) -> str:
    """Return the likeliest cause in a sentence: the first that explains every element."""
    slope, plain = found.slope, ~found.kink
    for explain in (_not_finite, _nothing, _constant, _signs, _shifted, _turned, _lines, _branch):
        sentence = explain(gradient, slope, at, right, plain)
        if sentence:
            return sentence
    return "the gradient is not the slope of the value; no single factor, sign or shift explains it."


def _same(x: Array, y: Array) -> bool:
    return bool(np.allclose(x, y, rtol=CLOSE, atol=CLOSE * float(np.abs(y).max(initial=0.0))))


def _not_finite(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    bad = ~np.isfinite(gradient)
    if not bad.any():
        return ""
    place = tuple(map(int, np.argwhere(bad)[0]))
    return f"the gradient is {gradient[place]} at {place}, where the argument is {at[place]:.6g}: an overflow or 0·inf."


def _nothing(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    return "the gradient is 0 everywhere: it was never filled, or the value was detached." if not gradient.any() else ""


def _constant(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    ratio = _ratio(gradient[plain], slope[plain])
    if ratio is None:
        return ""
    if abs(ratio + 1.0) < CLOSE:
        return "the gradient has the wrong sign, everywhere."
    return f"the gradient is {ratio:.4g} times what it should be, everywhere: {_reduction(ratio, at.shape)}."


def _ratio(gradient: Array, slope: Array) -> float | None:
    size = float((slope * slope).sum())
    ratio = float((gradient * slope).sum() / size) if size else 0.0
    return ratio if ratio and abs(ratio - 1.0) > CLOSE and _same(gradient, ratio * slope) else None


def _reduction(ratio: float, shape: tuple[int, ...]) -> str:
    if min(abs(ratio - 2.0), abs(ratio - 0.5)) < CLOSE:
        return "the 2 of a square, or the ½ before it"
    for what, count in _counts(shape):
        if abs(ratio / count - 1.0) < CLOSE:
            return f"that of the sum, where the value is the mean over {what}"
        if abs(ratio * count - 1.0) < CLOSE:
            return f"that of the mean over {what}, where the value is the sum"
    return "a factor such as a weight, a temperature or a loss scale is missing or taken twice"


def _counts(shape: tuple[int, ...]) -> Iterator[tuple[str, int]]:
    size = int(np.prod(shape))
    if size > 1:
        yield f"{size}" if len(shape) < 2 else f"all {size} elements", size
    if len(shape) > 1:
        yield from ((f"axis {axis}, which has {n}", n) for axis, n in enumerate(shape) if 1 < n < size)


def _signs(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    if not _same(np.abs(gradient[plain]), np.abs(slope[plain])):
        return ""
    places = ", ".join(str(tuple(map(int, place))) for place in np.argwhere(~right)[:3])
    return f"the sign is wrong, the size is right, at {places}: an abs or a sign was lost."


def _shifted(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    for axis in range(gradient.ndim):
        for step in (1, -1):
            if gradient.shape[axis] > 2 and plain.all() and _same(gradient, np.roll(slope, step, axis)):
                return f"the gradient is shifted by {step} along axis {axis}: labels or targets off by one."
    return ""


def _turned(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    square = gradient.ndim == 2 and gradient.shape[0] == gradient.shape[1]
    return "the gradient is transposed." if square and plain.all() and _same(gradient, slope.T) else ""


def _lines(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    """Lines along an axis that are off by a factor each."""
    for axis in range(gradient.ndim if gradient.ndim > 1 else 0):
        lines = zip(*(np.moveaxis(x, axis, 0) for x in (gradient, slope, right, plain)), strict=True)
        ratios = [1.0 if r.all() else _ratio(g[p], s[p]) for g, s, r, p in lines]
        wrong = {n: ratio for n, ratio in enumerate(ratios) if ratio != 1.0}
        if len(wrong) < len(ratios) and all(wrong.values()):
            listed = ", ".join(f"{n} (× {ratio:.4g})" for n, ratio in list(wrong.items())[:5])
            weight = "class" if axis == gradient.ndim - 1 else "sample"
            return f"only these positions of axis {axis} are off by a factor: {listed}: a {weight} weight is missing."
    return ""


def _branch(gradient: Array, slope: Array, at: Array, right: Array, plain: Array) -> str:
    wrong, fine = at[~right], at[right]
    if not fine.size or not wrong.size:
        return ""
    if wrong.max() < fine.min() or wrong.min() > fine.max():
        side, edge = ("below", fine.min()) if wrong.max() < fine.min() else ("above", fine.max())
        return f"only where the argument is {side} {edge:.6g} is the gradient wrong: one branch of the formula."
    return ""
