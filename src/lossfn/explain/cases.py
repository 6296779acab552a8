"""A batch to try laws on, as one table: coordinates (predictions or classes) down, terms across."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from lossfn.core.arrays import Array
from lossfn.core.domain import REAL, Choice, Domain
from lossfn.core.graph import CONDITIONS, Node, evaluate, order
from lossfn.core.kinds import Distribution, Pointwise, Row
from lossfn.core.loss import Loss
from lossfn.core.program import trace
from lossfn.engines.reference import M
from lossfn.shapes import distribution, row

__all__ = ["CENTRAL", "FORWARD", "Array", "Case", "difference", "draw", "room", "sides"]


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
    def rows(self) -> int:
        """How many rows the arrays passed have."""
        return int(self.points.shape[1]) // self.columns

    def arguments(self, dtype: Any = None) -> tuple[Any, Array]:
        """Return fresh arrays to call the loss with: prediction (or several) and target."""
        dtype = np.float64 if dtype is None else dtype
        target = self.target if isinstance(self.loss, Row) else self.target.astype(dtype)
        if isinstance(self.loss, Pointwise):
            several = tuple(self._shaped(x.astype(dtype)) for x in self.points)
            return several if len(several) > 1 else several[0], self._shaped(target[0])
        over_classes = target.T if isinstance(self.loss, Distribution) else target[0]
        return np.array(self.points.T.astype(dtype), order="C"), np.array(over_classes, order="C")

    def _shaped(self, x: Array) -> Array:
        return x.reshape(self.rows, self.columns) if self.columns > 1 else x.copy()

    def folded(self, result: Any) -> Array:
        """Return what came back for predictions or targets in the form of `points`."""
        if isinstance(self.loss, Pointwise):
            several = result if isinstance(result, tuple) else (result,)
            return np.stack([np.asarray(x, np.float64).reshape(-1) for x in several])
        return np.asarray(result, np.float64).T

    def values(self, **options: Any) -> Array:
        """Return the loss of every term."""
        return np.asarray(self.loss(*self.arguments(), reduction="none", **options), np.float64).reshape(-1)

    def slopes(self, wrt: str = "prediction", **options: Any) -> Array:
        """Return the gradient of the sum, or of what `reduction` says."""
        return self.folded(self.loss.value_and_grad(*self.arguments(), wrt=wrt, **{"reduction": "sum"} | options)[1])

    def curvatures(self, **options: Any) -> Array:
        """Return the diagonal hessian of the sum."""
        return self.folded(self.loss.grad_and_hess(*self.arguments(), **options)[1])

    def coordinates(self, wrt: str = "prediction") -> Iterator[tuple[int, Domain]]:
        """Yield each row of `points` (or of `target`) that is a real number, with its domain."""
        known = self.loss.domains()
        if wrt == "target":
            domain = known.get("target", REAL)
            several = 0 if isinstance(self.loss, Row) or isinstance(domain, Choice) else len(self.target)
            return iter([(k, domain) for k in range(several)])
        names = self.loss.predictions if isinstance(self.loss, Pointwise) else [""] * len(self.points)
        return iter([(k, known.get(name, REAL)) for k, name in enumerate(names)])

    def moved(self, wrt: str, k: int, offsets: Array) -> Self:
        """Return the terms once for each row of `offsets`, coordinate k moved by it."""
        steps = len(offsets)
        points, target = np.tile(self.points, steps), np.tile(self.target, steps)
        (points if wrt == "prediction" else target)[k] += offsets.reshape(-1)
        return replace(self, points=points, target=target)

    def take(self, rows: Array) -> Self:
        """Return some rows of the batch."""
        terms = (rows[:, None] * self.columns + np.arange(self.columns)).reshape(-1)
        return replace(self, points=self.points[:, terms], target=self.target[:, terms])

    def place(self, term: int) -> str:
        """Write the inputs of one term."""
        prediction, target = (x[:, term].tolist() for x in (self.points, self.target))
        shown = [x[0] if len(x) == 1 else x for x in (prediction, target)]
        return f"prediction={shown[0]}, target={shown[1]}"


# -- drawing -----------------------------------------------------------------------------------------

ROWS = 48
CLASSES = 5


def draw(loss: Loss, seed: int = 0) -> Case:
    """Draw a batch from the domains of a loss."""
    rng = np.random.default_rng(seed)
    width = max((v.size for v in loss.settings().values() if np.ndim(v)), default=0)
    if isinstance(loss, Pointwise):
        return _pointwise(loss, rng, max(width, 1))
    points = rng.normal(0, 3, (width or CLASSES, ROWS))
    # Multiples of 2^-20, so that a constant of 2^20 can be added without rounding.
    points = np.round(np.where(np.arange(ROWS) % 3 == 0, points / 8, points) * 2**20) / 2**20
    if isinstance(loss, Row):
        if loss.takes == "log_probs":
            points = distribution.log_softmax(points.T).T
        labels = rng.integers(0, len(points), (1, ROWS))
        if loss.ignore_index is not None:
            labels[:, [3, 11, 30]] = loss.ignore_index
        return Case(loss, points, labels)
    return _distribution(loss, rng, points)


def _pointwise(loss: Loss, rng: np.random.Generator, columns: int) -> Case:
    known, terms = loss.domains(), -(-ROWS // columns) * columns
    points = np.stack([known.get(name, REAL).sample(rng, (terms,)) for name in loss.predictions])
    target = known.get("target", REAL).sample(rng, (1, terms))
    equal = np.arange(terms) % 8 == 7
    fits = [np.array([t in known.get(name, REAL) for t in target[0]]) for name in loss.predictions]  # type: ignore[operator]
    points[0] = np.where(equal & fits[0], target[0], points[0])
    return Case(loss, points, target, columns)


def _distribution(loss: Any, rng: np.random.Generator, points: Array) -> Case:
    if loss.takes == "log_probs":
        points = distribution.log_softmax(points.T).T
    target = rng.dirichlet(np.ones(len(points)), points.shape[1])
    if loss.domains().get("target", REAL) == REAL:
        return Case(loss, points, np.log(target).T)
    target[::6] = np.eye(len(points))[rng.integers(0, len(points), len(target[::6]))]
    return Case(loss, points, np.array(target.T))


# -- differences --------------------------------------------------------------------------------------

# Offsets in steps, and what the value there counts: exact for polynomials of degree 8.
CENTRAL = np.array([[-4, -3, -2, -1, 1, 2, 3, 4], [1 / 280, -4 / 105, 1 / 5, -4 / 5, 4 / 5, -1 / 5, 4 / 105, -1 / 280]])
FORWARD = np.array(
    [
        [0, 1, 2, 3, 4, 5, 6, 7, 8],
        [-761 / 280, 8, -14, 56 / 3, -35 / 2, 56 / 5, -14 / 3, 8 / 7, -1 / 8],
    ]
)
STEPS = 2.0 ** np.array([-7, -9, -11, -13, -16, -19])


def difference(case: Case, wrt: str, k: int, scale: Array, answer: Any, rule: Array = CENTRAL) -> tuple[Array, Array]:
    """Return the slope of an answer along coordinate k by finite differences, and how far off it may be.

    Several step sizes are tried; the slope is the one that agrees best with that of the next step.
    """
    offsets, weights = rule
    steps = STEPS[:, None] * scale
    reach = (steps[:, None] * offsets[:, None]).reshape(-1, len(scale))
    with np.errstate(all="ignore"):
        found = answer(case.moved(wrt, k, reach)).reshape(len(steps), len(offsets), len(scale))
        slopes = (found * weights[:, None]).sum(axis=1) / steps
        noise = 4e-16 * (abs(found) * abs(weights)[:, None]).sum(axis=1) / steps
        error = abs(np.diff(slopes, axis=0)) + noise[:-1] + noise[1:]
    error = np.where(np.isnan(error), np.inf, error)
    best, terms = error.argmin(axis=0), np.arange(len(scale))
    return slopes[best, terms], error[best, terms]


def room(domain: Domain, x: Array) -> Array:
    """Return how far each number is from the ends of its domain, 1 at most."""
    low, high = getattr(domain, "low", -np.inf), getattr(domain, "high", np.inf)
    return np.asarray(np.clip(np.minimum(x - low, high - x), 0.0, 1.0))


# -- conditions ---------------------------------------------------------------------------------------


def sides(case: Case) -> Array:
    """Return on which side of every condition of the formula and its slopes each term lies: 1 or -1.

    Of the shape (conditions, terms); a loss of distributions has each condition once per class.
    """
    program, inputs = trace(case.loss), _inputs(case)
    read = [name for name in case.loss.inputs if case.loss.differentiable]
    roots = [program.value, *map(program.slopes, read), *(program.curvatures(n, n) for n in read)]
    gaps = [gap for node in order(roots) if (gap := _gap(node)) is not None]
    with np.errstate(all="ignore"):
        found = evaluate(gaps, M, inputs)
    shape = next(iter(inputs.values())).shape
    flat = [np.where(np.broadcast_to(g, shape) >= 0, 1.0, -1.0).reshape(-1, case.points.shape[1]) for g in found]
    return np.concatenate(flat) if flat else np.ones((0, case.points.shape[1]))


def _gap(node: Node) -> Node | None:
    if node.verb in ("abs", "sign"):
        return node.args[0]
    compares = node.verb in ("minimum", "maximum") or (
        node.verb in CONDITIONS and node.verb not in ("either", "negate")
    )
    return node.args[0] - node.args[1] if compares else None


def _inputs(case: Case) -> dict[str, Any]:
    loss, settings = case.loss, case.loss.settings()
    if isinstance(loss, Pointwise):
        tables = {n: np.resize(v, case.points.shape[1]) if np.ndim(v) else float(v) for n, v in settings.items()}
        return dict(zip(loss.inputs, (*case.points, case.target[0]), strict=True)) | tables
    if isinstance(loss, Distribution):
        tables = {n: np.asarray(v)[:, None] if np.ndim(v) else float(v) for n, v in settings.items()}
        log_prob = case.points if loss.takes == "log_probs" else distribution.log_softmax(case.points.T).T
        return {"log_prob": log_prob, "target": case.target} | tables
    labels = np.where(case.target[0] == loss.ignore_index, 0, case.target[0])
    tables = {n: np.asarray(v)[labels] if np.ndim(v) else float(v) for n, v in settings.items()}
    weight = getattr(loss, "class_weight", None)
    found = (
        row.gathered(case.points.T, labels)
        if loss.takes == "log_probs"
        else row.statistics(case.points.T, labels, 1.0 if weight is None else weight)
    )
    return {name: getattr(found, name) for name in loss.inputs} | tables
