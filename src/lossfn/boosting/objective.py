"""The objective of a training: gradient and curvature, start value, meaning of the output. What engines share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from lossfn.boosting.learn import learned
from lossfn.boosting.raw import RawPointwise, RawRow, raw
from lossfn.boosting.room import Room
from lossfn.boosting.sound import complain, sound, tabular
from lossfn.boosting.start import checked, some_weight, start
from lossfn.boosting.units import INFINITE, nearest, unit
from lossfn.core.answers import number
from lossfn.core.arrays import Array, float_dtype
from lossfn.core.dispatch import STEEP
from lossfn.core.errors import ArgumentError, TargetError, say
from lossfn.core.links import domains, into
from lossfn.core.loss import Loss
from lossfn.engines.reference import M

FAINT = 1e-30  # a total of curvatures of order 1 below which float32 may hold no slope
UNITS = ("residual", "even part", "sum", "own fisher")


@dataclass(frozen=True)
class Objective:
    """A loss for a tree learner.

    Parameters
    ----------
    loss : Loss
        Any pointwise or row loss, a class of one's own included.
    hessian : {"exact", "majorizer", "fisher", "engine"}, optional
        What the learner takes for the curvature. "exact": the second derivative. "majorizer": slope / residual for
        losses of a residual, scaled to a mean of 1, where at a corner a residual counts as at least half the median
        one; twice the diagonal for classes. "fisher": the expected second derivative, for likelihoods. "engine": what
        the engine's own objective of that name takes. None chooses what trains best: "majorizer" for residuals and
        classes, "exact" for logits and logarithms of a mean, where it is positive and the engines' choice too; where a
        loss is not convex, at least a sixteenth of the slope. Under Huber with true hessians outliers make steps of any
        length: after 30 rounds of XGBoost the loss is 0.96, with hessians of 1 it is 0.89, with the majorizer 0.85
        (`docs/boosting.md`). Under absolute error there would be no step at all.
    floor : float, optional
        Least curvature of an element. Without it a negative one is an error.

    Raises
    ------
    DerivativeError
        If the loss has no gradient, or no such curvature.
    OptionError
        If `hessian` is none of the four.
    """

    loss: Loss
    hessian: str | None = None
    floor: float | None = None
    engine: ClassVar[str] = ""
    kept_as: ClassVar[type[np.floating[Any]] | None] = None  # what an engine keeps, where that is not what it gives
    metric: ClassVar[Any]
    begun: ClassVar[bool] = False  # whether rows have been seen before those of a call

    def __post_init__(self) -> None:
        """Plan the curvature, so that a wrong choice is told at once."""
        _ = self.raw

    def __reduce__(self) -> Any:
        """Copy and pickle what was asked for, not what was seen: a copy begins anew."""
        return type(self), (self.loss, self.hessian, self.floor)

    @cached_property
    def raw(self) -> RawPointwise | RawRow:
        """The loss of scores on the whole line, with the curvature chosen."""
        return raw(self.loss, self.hessian, self.engine, self.floor)

    def start(self, target: Any, sample_weight: Any = None) -> Any:
        """Return the constant score of least loss: a float, or one number per output.

        Labels and weights are rounded to float32, in which the engines keep them.
        """
        label, weight = checked(target, sample_weight)
        return start(self.raw, self.target(label), weight)

    def transform(self, score: Any) -> Any:
        """Return what the loss estimates from what the trees add up to: mean, probability, quantile."""
        scores = np.asarray(score)
        if isinstance(self.raw, RawRow):
            powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
            return powers / powers.sum(axis=-1, keepdims=True)
        if len(self.raw.predictions) == 1:
            return np.asarray(number(M, self.loss, scores))
        columns = zip(domains(self.loss).values(), np.moveaxis(scores, -1, 0), strict=True)
        return np.stack([into(M, domain, column) for domain, column in columns], axis=-1)

    def derivatives(self, score: Array, target: Array, weight: Array | None) -> tuple[Array, Array]:
        """Return gradient and curvature in the scores' shape, as the engine keeps them; raise where no tree learns."""
        if isinstance(self.raw, RawRow):
            gradient, bent, fit = self._of_classes(self.raw, score, target, weight)
        else:
            gradient, bent, fit = self._of_numbers(self.raw, score, target, weight)
        if not fit:
            complain(gradient, bent, self.raw.rule[0], not self.begun)
            if not (self.begun or gradient.any()):
                self._need_slopes(score, target, weight)
        return gradient, bent

    def _need_slopes(self, score: Array, target: Array, weight: Array | None) -> None:
        if weight is not None:
            some_weight(weight)
        if self.metric.total(score, target, weight).total != 0.0:
            got, fix = "0 in every row, and losses that are not", "to begin at objective.start(y)"
            raise ArgumentError(say("gradient", expected="slopes to learn from", got=got, fix=fix))

    def _of_classes(self, loss: RawRow, score: Array, target: Array, weight: Array | None) -> tuple[Array, Array, bool]:
        tabular(score, 0)
        labels = self.target(target) if self.begun else self._labels(target)
        gradient, bent = loss.grad_and_hess(score, labels, sample_weight=weight)
        bent *= self.factor(bent.shape[-1])
        if self.floor is not None:
            np.maximum(bent, self.floor if weight is None else self.floor * weight[:, None], out=bent)
        return gradient, bent, sound(gradient, bent)

    def _of_numbers(
        self, loss: RawPointwise, score: Array, target: Array, weight: Array | None
    ) -> tuple[Array, Array, bool]:
        served = self._kept("served", lambda: self._served(loss, score, target, weight))
        given = float_dtype(score)
        kept = self.kept_as or given
        # An engine's own trees come of numbers that are rounded to what it keeps once, at the end.
        found = given if self.hessian == "engine" else kept
        gradient, bent, total = learned(served, score, target, weight, found, self._room)
        fit = (FAINT if self.in_units else 0.0) < total < STEEP
        if self.in_units:
            known = fit and weight is None and bent.ndim == 1
            factor = self._kept(
                "unit", lambda: unit(total if known else bent.sum(axis=0, dtype=np.float64), len(bent), weight)
            )
            gradient *= factor
            bent *= factor
        return (gradient, bent, fit) if found is kept else (gradient.astype(kept), bent.astype(kept), fit)

    @cached_property
    def _room(self) -> Room:
        return Room()

    def _served(self, loss: RawPointwise, score: Array, target: Array, weight: Array | None) -> RawPointwise:
        return replace(loss, nearest=nearest(score, target, weight)) if self._corner else loss

    def _labels(self, label: Array) -> Array:
        # Every round has the labels of the last, unless another data set comes: to compare is cheaper than to convert.
        known = self.__dict__.get("labels")
        if known is None or known[0].dtype != label.dtype or not np.array_equal(known[0], label):
            known = self.__dict__["labels"] = label.copy(), self.target(label)
        labels: Array = known[1]
        return labels

    def target(self, label: Array) -> Array:
        """Return labels as the loss takes them: class numbers as integers."""
        if isinstance(self.raw, RawPointwise) or label.dtype.kind in "iub":
            return label
        with np.errstate(invalid="ignore"):
            whole = label.astype(np.int64)
        if not np.array_equal(whole, label):
            row = int(np.flatnonzero(whole != label)[0])
            got = f"{label[row]} at row {row}"
            raise TargetError(say("label", expected="class numbers 0, 1, 2, ...", got=got))
        return whole

    @cached_property
    def in_units(self) -> bool:
        """Whether the curvature has a unit of its own and is scaled to a mean of 1."""
        return isinstance(self.raw, RawPointwise) and self.raw.rule[0] in UNITS

    def _kept(self, name: str, measure: Callable[[], Any]) -> Any:
        return measure()  # all rows are there in every round

    @cached_property
    def _corner(self) -> bool:
        # Whether slope / residual grows without bound towards a residual of 0. All target domains hold a 1.
        residual = self.in_units and self.raw.rule[0] != "own fisher"
        return residual and float(self.raw.grad_and_hess([1.0], [1.0])[1][0]) > INFINITE

    def factor(self, classes: int) -> float:
        """Return what the diagonal of so many classes is multiplied by."""
        if self.raw.rule[0] == "engine" and self.engine == "lightgbm":
            return classes / (classes - 1)
        twice = self.raw.rule[0] == "majorizer" or (self.raw.rule[0] == "engine" and self.engine == "xgboost")
        return 2.0 if twice else 1.0
