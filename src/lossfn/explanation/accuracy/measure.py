"""Errors in units of the last place, against truths at 200 digits kept as sums of two float64 numbers."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.dispatch import using
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.explanation.accuracy.formats import FORMATS, Format
from lossfn.explanation.accuracy.peers import answers_of

ENGINES = ("native", "reference")
Results = tuple[Any, ...]


class Accuracy(NamedTuple):
    """What one engine or peer makes of one loss in one dtype.

    `ulps` is the largest error in units of the last place of the truth, or of the largest term where terms cancel;
    `within` the share of results at most one unit off; `failures` counts NaN, infinity, 0 and wrong signs where
    the truth is an ordinary number, which the other two leave out.
    """

    loss: str
    dtype: str
    by: str
    what: str
    results: int
    ulps: float
    within: float
    failures: int


def accuracies(name: str, loss: Loss) -> Iterator[Accuracy]:
    """Measure a loss under its default options, in every format, by both engines and by the peers that are here."""
    with np.load(Path(__file__).with_name("truths.npz")) as file:
        tables = {form: (file[f"{name}.{form}.points"], file[f"{name}.{form}.truths"]) for form in FORMATS}
    for form, (points, truths) in tables.items():
        prediction, target = arguments(loss, points, FORMATS[form].dtype)
        for by, results in _answers(name, loss, prediction, target):
            yield from judged(results, truths, FORMATS[form], (type(loss).__name__, form, by))


def arguments(loss: Loss, points: Array, dtype: np.dtype[Any]) -> tuple[Any, Array]:
    """Return prediction and target at the points of a table."""
    if isinstance(loss, Pointwise):
        *predictions, target = (np.ascontiguousarray(column) for column in points.T.astype(dtype))
        return tuple(predictions) if len(predictions) > 1 else predictions[0], target
    if isinstance(loss, Row):
        return points[:, :-1].astype(dtype), points[:, -1].astype(np.int64)
    return tuple(np.ascontiguousarray(half.astype(dtype)) for half in np.split(points, 2, axis=1))  # type: ignore[return-value]  # two halves


def _answers(name: str, loss: Loss, prediction: Any, target: Array) -> Iterator[tuple[str, Results]]:
    for engine in ENGINES:
        with using(engine):
            yield engine, _own(loss, prediction, target)
    for library, answer in answers_of(name, np.asarray(prediction).dtype).items():
        with np.errstate(all="ignore"):
            yield library, answer(prediction, target)


def _own(loss: Loss, prediction: Any, target: Array) -> Results:
    """Return values, slopes and, where the table has them, curvatures."""
    if not loss.differentiable:
        return (loss(prediction, target, reduction="none"),)
    value, gradient = loss.value_and_grad(prediction, target, reduction="none")
    return (value, gradient, loss.grad_and_hess(prediction, target)[1])[: 3 if isinstance(loss, Pointwise) else 2]


def judged(results: Results, truths: Array, form: Format, names: tuple[str, str, str]) -> Iterator[Accuracy]:
    """Count the errors of results, one array or tuple for value, gradient and hessian."""
    start = 0
    for what, result in zip(("value", "gradient", "hessian"), results, strict=False):
        got = _columns(result)
        known = truths[:, start : start + got.shape[1]]
        start += got.shape[1]
        yield _counted(got, known, form, (*names, what))


def _columns(result: Any) -> Array:
    arrays = result if isinstance(result, tuple) else (result,)
    return np.concatenate([np.asarray(a, np.float64).reshape(len(a), -1) for a in arrays], axis=1)


def _counted(got: Array, known: Array, form: Format, names: tuple[str, str, str, str]) -> Accuracy:
    near, rest, term = (known[..., part] for part in range(3))
    there = np.isfinite(near) & (abs(near) < form.largest)
    got, near, rest, term = (x[there] for x in (got, near, rest, term))
    size = np.maximum(abs(near), term)
    off = abs((got - near) - rest) / form.ulp(size)
    ordinary = (abs(near) >= form.smallest) & (term <= abs(near))
    failed = ~np.isfinite(got) | (ordinary & (np.sign(got) != np.sign(near)))
    kept = off[~failed]
    worst, within = (float(kept.max()), float((kept <= 1.0).mean())) if kept.size else (0.0, 1.0)
    return Accuracy(*names, got.size, worst, within, int(failed.sum()))
