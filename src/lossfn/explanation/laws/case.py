"""A batch to try laws on, as one table: coordinates (predictions or classes) down, terms across."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields, replace
from typing import Any, Self

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.domain import REAL, Choice, Domain
from lossfn.core.kinds import Distribution, Pointwise, Row


@dataclass(frozen=True)
class Case:
    """A loss and the terms it is tried on.

    Attributes
    ----------
    loss
        The loss.
    points
        (predictions, terms) of a pointwise loss, (classes, terms) of one over classes.
    target
        (1, terms), or (classes, terms) where the target is a distribution.
    columns
        Terms in each row of the arrays passed: above 1 where a hyperparameter has an entry for each.
    """

    loss: Any
    points: Array
    target: Array
    columns: int = 1

    @property
    def terms(self) -> int:
        """How many terms there are."""
        return int(self.points.shape[1])

    @property
    def rows(self) -> int:
        """How many rows the arrays passed have."""
        return self.terms // self.columns

    @property
    def over_classes(self) -> bool:
        """Whether a term is a row of classes."""
        return not isinstance(self.loss, Pointwise)

    @property
    def couples(self) -> bool:
        """Whether the classes of a row meet in a softmax."""
        return self.over_classes and self.loss.takes == "logits"

    @property
    def allowed(self) -> bool:
        """Whether every number lies in its domain."""
        known: dict[str, Any] = self.loss.domains()
        predictions = () if self.over_classes else zip(self.loss.predictions, self.points, strict=True)
        table = {name: x for name, x in (*predictions, ("target", self.target)) if name in known}
        return all(number in known[name] for name, x in table.items() for number in x.flat)

    # -- what a call takes ------------------------------------------------------------------------------

    def arguments(self, dtype: Any = np.float64) -> tuple[Any, Array]:
        """Return fresh arrays to call the loss with: prediction (or several) and target."""
        with np.errstate(over="ignore"):  # what a narrow dtype cannot hold is infinite in it
            points = self.points.astype(dtype)
            target = self.target.copy() if isinstance(self.loss, Row) else self.target.astype(dtype)
        if self.over_classes:
            dense = target.T if isinstance(self.loss, Distribution) else target[0]
            return np.ascontiguousarray(points.T), np.ascontiguousarray(dense)
        several = tuple(self.shaped(x) for x in points)
        return several if len(several) > 1 else several[0], self.shaped(target[0])

    def shaped(self, terms: Array) -> Array:
        """Return one number per term in the shape of the arrays passed."""
        return terms.reshape(self.rows, self.columns) if self.columns > 1 else terms

    def folded(self, result: Any) -> Array:
        """Return what came back for predictions or targets in the form of `points`."""
        if self.over_classes:
            return np.asarray(result, np.float64).T
        several = result if isinstance(result, tuple) else (result,)
        return np.stack([np.asarray(x, np.float64).reshape(-1) for x in several])

    # -- what the loss says -------------------------------------------------------------------------------

    def values(self, **options: Any) -> Array:
        """Return the loss of every term."""
        return np.asarray(self.loss(*self.arguments(), reduction="none", **options), np.float64).reshape(-1)

    def slopes(self, wrt: str = "prediction", **options: Any) -> Array:
        """Return the gradient of the sum, or of what `reduction` says."""
        return self.folded(self.loss.value_and_grad(*self.arguments(), wrt=wrt, **{"reduction": "sum"} | options)[1])

    def curvatures(self, **options: Any) -> Array:
        """Return the diagonal hessian of the sum."""
        return self.folded(self.loss.grad_and_hess(*self.arguments(), **options)[1])

    def answers(self, **options: Any) -> dict[str, Array]:
        """Return everything the loss says of its terms."""
        found = {"value": self.values(**options)}
        if self.loss.differentiable:
            found["gradient"], found["hessian"] = self.slopes(**options), self.curvatures(**options)
        return found

    def everything(self, **options: Any) -> dict[str, Array]:
        """Return the answers, and the slope in the target where that is a number."""
        has_slope = self.loss.differentiable and bool(list(self.coordinates("target")))
        return self.answers(**options) | (
            {"slope in the target": self.slopes("target", **options)} if has_slope else {}
        )

    @property
    def shares(self) -> Array:
        """What each term adds to the divisor of an unweighted mean."""
        if not isinstance(self.loss, Row):
            return np.ones(self.terms)
        labels, table = self.target[0], getattr(self.loss, "class_weight", None)
        counts = labels != self.loss.ignore_index
        of_label = np.broadcast_to(1.0 if table is None else table, len(self.points))[np.where(counts, labels, 0)]
        return np.where(counts, of_label, 0.0)

    # -- other cases ----------------------------------------------------------------------------------------

    def coordinates(self, wrt: str = "prediction") -> Iterator[tuple[int, Domain]]:
        """Yield each row of `points` (or of `target`) that is a real number, with its domain."""
        known = self.loss.domains()
        if wrt == "target":
            domain = known.get("target", REAL)
            numbers = not isinstance(self.loss, Row) and not isinstance(domain, Choice)
            return iter([(k, domain) for k in range(len(self.target) * numbers)])
        names = [""] * len(self.points) if self.over_classes else self.loss.predictions
        return iter([(k, known.get(name, REAL)) for k, name in enumerate(names)])

    def moved(self, wrt: str, k: int, offsets: Array) -> Self:
        """Return the terms once for each row of `offsets`, coordinate k moved by it."""
        steps = len(offsets)
        points, target = np.tile(self.points, steps), np.tile(self.target, steps)
        (points if wrt == "prediction" else target)[k] += offsets.reshape(-1)
        return replace(self, points=points, target=target)

    def at(self, k: int, x: Array | float) -> Self:
        """Return the terms with coordinate k at x."""
        points = self.points.copy()
        points[k] = x
        return replace(self, points=points)

    def further(self, times: float) -> Self:
        """Return the terms with every unbounded prediction so many times as far out."""
        widths = [times if domain == REAL else 1.0 for _, domain in self.coordinates()]
        return replace(self, points=self.points * np.array(widths)[:, None])

    def take(self, rows: Array) -> Self:
        """Return some rows of the batch."""
        terms = self.within(rows)
        return replace(self, points=self.points[:, terms], target=self.target[:, terms])

    def within(self, rows: Array) -> Array:
        """Return the places of the terms of some rows."""
        return (rows[:, None] * self.columns + np.arange(self.columns)).reshape(-1)

    def column(self, j: int) -> Case:
        """Return one column, as the loss that holds for it alone."""
        if self.columns == 1:
            return self
        tables = {f.name: getattr(self.loss, f.name) for f in fields(self.loss) if f.metadata.get("array")}
        alone = replace(self.loss, **{name: table[j] for name, table in tables.items() if np.ndim(table)})
        return Case(alone, self.points[:, j :: self.columns], self.target[:, j :: self.columns])

    def place(self, term: int) -> str:
        """Write the inputs of one term."""
        prediction, target = (x[:, term].tolist() for x in (self.points, self.target))
        shown = [x[0] if len(x) == 1 else x for x in (prediction, target)]
        return f"prediction={shown[0]}, target={shown[1]}"
