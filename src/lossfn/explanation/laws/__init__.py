"""The laws every loss keeps, run on any loss: the library's own, a user's, or a sum of them.

No law holds a second copy of a formula: slopes are compared with the values, engines with each other,
a batch with its rows.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lossfn.core.errors import LawError
from lossfn.core.loss import Loss
from lossfn.explanation.laws import arrays, batches, character, engines, kinks, refusals, slopes
from lossfn.explanation.laws.case import Case
from lossfn.explanation.laws.draws import draw

__all__ = ["LAWS", "LawResult", "check", "results"]

Law = Callable[[Case], None]

LAWS: dict[str, Law] = {
    "values": character.values,
    "gradient": slopes.gradient,
    "hessian": slopes.hessian,
    "cross terms": slopes.cross_terms,
    "target slope": slopes.target_slope,
    "kinks": kinks.kinks,
    "ends": kinks.ends,
    "convex": character.convex,
    "shift": character.shift,
    "masks": refusals.masks,
    "nan": batches.nan,
    "weights": batches.weights,
    "zero weight": batches.zero_weight,
    "ignored": batches.ignored,
    "reduction": batches.reduction,
    "empty": batches.empty,
    "order": batches.order,
    "split": batches.split,
    "inputs": arrays.inputs,
    "outputs": arrays.outputs,
    "layouts": arrays.layouts,
    "integers": arrays.integers,
    "dtypes": arrays.dtypes,
    "domains": refusals.domains,
    "labels": refusals.labels,
    "shapes": refusals.shapes,
    "options": character.options,
    "writing": character.writing,
    "copies": character.copies,
    "engines": engines.engines,
    "wide": engines.wide,
    "large": engines.large,
}


@dataclass(frozen=True)
class LawResult:
    """What one law says of one loss: `detail` names input, expected and got where it is broken."""

    name: str
    passed: bool
    detail: str = ""


def results(loss: Loss, laws: tuple[str, ...] | None = None, seed: int = 0) -> list[LawResult]:
    """Try a loss on every law, or on those named.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.explanation.laws import results
    >>> all(result.passed for result in results(lf.Huber(delta=2.0)))
    True
    """
    return [_tried(name, loss, seed) for name in laws or tuple(LAWS)]


def check(loss: Loss, seed: int = 0) -> None:
    """Raise `LawError` naming law, input, expected and got if the loss breaks one.

    Examples
    --------
    >>> import lossfn as lf
    >>> class Wrong(lf.Pointwise, register=False):
    ...     def formula(self, m, prediction, target):
    ...         return m.square(prediction - target)
    ...     def gradient(self, m, prediction, target):
    ...         return prediction - target
    >>> lf.check(Wrong())
    Traceback (most recent call last):
        ...
    lossfn.core.errors.LawError: Wrong() breaks the law "gradient": ...
    """
    for name in LAWS:
        result = _tried(name, loss, seed)
        if not result.passed:
            raise LawError(f'{loss!r} breaks the law "{name}": {result.detail}')


def _tried(name: str, loss: Any, seed: int) -> LawResult:
    try:
        LAWS[name](draw(loss, seed))
    except LawError as broken:
        return LawResult(name, False, str(broken))
    except Exception as error:  # a user's formula may raise anything: that, too, is a finding
        return LawResult(name, False, f"raised {type(error).__name__}: {error}")
    return LawResult(name, True)
