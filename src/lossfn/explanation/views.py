"""What a loss is drawn over: a residual, a margin, a logit, a probability, whichever fits it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.core.domain import REAL, UNIT, Choice, Interval
from lossfn.core.errors import OptionError, say
from lossfn.core.kinds import Distribution, Pointwise
from lossfn.core.loss import Loss
from lossfn.explanation.text import call

Array = NDArray[np.float64]
POINTS = 1201


@dataclass(frozen=True)
class Curve:
    """One curve: its label, and the loss, gradient and curvature at each point (None where there is none)."""

    label: str
    value: Array
    gradient: Array | None
    curvature: Array | None


@dataclass(frozen=True)
class View:
    """The points on the horizontal axis, what they mean, in what the slopes are, and the curves."""

    axis: str
    slope_in: str
    x: Array
    curves: tuple[Curve, ...]


def view(loss: Any, reach: float | None = None) -> View:
    """Choose what fits a loss and compute its curves; residuals go from -reach to reach."""
    if isinstance(loss, Pointwise):
        if len(loss.predictions) > 1:
            return _mean_and_variance(loss)
        return _of_probability(loss) if loss.prediction_domain == UNIT else _pointwise(loss, reach)
    return _distribution(loss) if isinstance(loss, Distribution) else _row(loss)


def together(losses: Sequence[Loss]) -> View:
    """Return one curve of each loss over what fits them all: a residual, or the first target of each."""
    reach = max(map(_reach, losses))
    shown = [view(loss, reach) for loss in losses]
    axes = dict.fromkeys(one.axis for one in shown)
    if any(one.axis != shown[0].axis for one in shown):
        got = " and ".join(f"{axis!r}" for axis in axes)
        raise OptionError(say("losses", expected="losses that are drawn over the same quantity", got=got))
    curves = (replace(one.curves[0], label=call(loss)) for one, loss in zip(shown, losses, strict=True))
    return replace(shown[0], curves=tuple(curves))


def _pointwise(loss: Any, reach: float | None) -> View:
    if isinstance(loss.target_domain, Choice):
        x, one = np.linspace(-3, 3, POINTS), max(loss.target_domain.values)
        return View("margin y·score", "margin", x, (_curve(loss, "", x, np.full_like(x, one)),))
    if loss.target_domain == UNIT:
        x = np.linspace(-5, 5, POINTS)
        curves = (_curve(loss, f"target {t}", x, np.full_like(x, t)) for t in (1, 0))
        return View("logit", "logit", x, tuple(curves))
    if _of_residual(loss):
        reach = reach or _reach(loss)
        x = np.linspace(-reach, reach, POINTS)
        return View("residual: prediction − target", "prediction", x, (_curve(loss, "", x, np.zeros_like(x)),))
    return _of_prediction(loss)


def _of_residual(loss: Any) -> bool:
    if loss.prediction_domain != REAL or loss.target_domain != REAL:
        return False
    shift, x = 1.5, np.linspace(-2, 2, 9)
    here, there = (loss(x + s, np.full_like(x, s), reduction="none") for s in (0.0, shift))
    return bool(np.allclose(here, there))


def _reach(loss: Loss) -> float:
    sizes = [v for n, v in loss.settings().items() if isinstance(v, float) and n.rpartition(".")[2] != "weight"]
    return max(3.0, 1.6 * max(sizes, default=1.0)) if max(sizes, default=1.0) < 100 else 160.0


def _of_prediction(loss: Any) -> View:
    domain = loss.prediction_domain
    low = domain.low if isinstance(domain, Interval) else -np.inf
    x = np.linspace(-2.5, 2.5, POINTS) if low == -np.inf else np.linspace(low, low + 6, POINTS + 1)[1:]
    curves = (_curve(loss, f"target {t}", x, np.full_like(x, t)) for t in (1, 2, 4))
    return View("prediction", "prediction", x, tuple(curves))


def _of_probability(loss: Any) -> View:
    x = np.linspace(0.02, 0.98, POINTS)
    curves = (_curve(loss, f"target {t}", x, np.full_like(x, t)) for t in (1, 0))
    return View("probability", "probability", x, tuple(curves))


def _mean_and_variance(loss: Any) -> View:
    x = np.linspace(-3, 3, POINTS)
    domain = loss.domains().get(loss.predictions[1], REAL)
    curves = (_several(loss, x, second) for second in (0.5, 1.0, 2.0 if 2.0 in domain else 1.5))
    return View(f"residual: {loss.predictions[0]} − target", loss.predictions[0], x, tuple(curves))


def _several(loss: Any, x: Array, second: float) -> Curve:
    others = (np.full_like(x, second), *(np.ones_like(x) for _ in loss.predictions[2:]))
    return _curve(loss, f"{loss.predictions[1]} {second:g}", (x, *others), np.zeros_like(x), lambda part: part[0])


def _row(loss: Any) -> View:
    x, logits = np.linspace(-5, 5, POINTS), loss.takes == "logits"
    rows = np.column_stack([x, np.zeros_like(x)]) if logits else _log_probabilities(x)
    curve = _curve(loss, "", rows, np.zeros(len(x), np.int64), lambda part: part[:, 0])
    return View("logit of the label − logit of the other class", "score of the label", x, (curve,))


def _distribution(loss: Any) -> View:
    x, logits = np.linspace(-5, 5, POINTS), loss.takes == "logits"
    rows, log = np.column_stack([x, np.zeros_like(x)]) if logits else _log_probabilities(x), loss.target_domain == REAL
    targets = ((t, np.tile(np.log([t, 1 - t]) if log else [t, 1 - t], (len(x), 1))) for t in (0.5, 0.8, 0.99))
    curves = (
        _curve(loss, f"target ({t:g}, {1 - t:.2g})", rows, target, lambda part: part[:, 0]) for t, target in targets
    )
    return View("logit of the first class − logit of the second", "score of the first class", x, tuple(curves))


def _log_probabilities(x: Array) -> Array:
    return np.asarray(-np.logaddexp(0.0, np.column_stack([-x, x])))


def _curve(loss: Any, label: str, prediction: Any, target: Any, pick: Callable[[Any], Any] = np.asarray) -> Curve:
    value = np.asarray(loss(prediction, target, reduction="none"))
    slopes = loss.grad_and_hess(prediction, target) if loss.differentiable else (None, None)
    gradient, curvature = (None if part is None else pick(part) for part in slopes)
    return Curve(label, value, gradient, curvature)
