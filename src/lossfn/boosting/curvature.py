"""What a tree learner divides by: the hessian of a loss, or a named stand-in that trains better.

A learner fits a parabola to the loss at the present prediction and steps to its lowest point. Where the hessian is 0
(absolute error) or negative (a redescending loss) that parabola has no lowest point, and where it is small beside
the distance left to go (the tails of Huber) the step overshoots. Each rule builds a graph from the loss's own.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import lru_cache
from typing import Any

import numpy as np

from lossfn.core.algebra import PointwiseSum
from lossfn.core.domain import REAL, Choice
from lossfn.core.errors import DerivativeError, OptionError, say
from lossfn.core.graph import Node, Tracer, evaluate, order
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.links import behind, domains, into, rise
from lossfn.core.loss import Loss
from lossfn.core.program import curvature, slope

RULES = ("exact", "majorizer", "fisher", "engine")
TINY = 1e-30  # the residual that stands for 0 where slope / residual tends to the hessian
LEAST = 0.0625
SHARES = ("logits of the class probabilities", "log-probabilities of the classes")
DELTA_STEP = 0.7  # both engines add it to Poisson's exponent, so that a step is never too long
FACTORS = {("xgboost", "Poisson"): math.exp(DELTA_STEP), ("lightgbm", "Poisson"): math.exp(DELTA_STEP)}
# Where an engine takes 1; it then fits quantiles to the leaves, which an objective cannot.
CONSTANT = {(engine, name) for engine in ("xgboost", "lightgbm") for name in ("AbsoluteError", "Quantile")}
CONSTANT |= {("lightgbm", "Huber")}


def default(loss: Any) -> str:
    """Return the rule that trains best: the one a class gives a method for, else by what the loss is.

    "majorizer" for residuals: slope / residual is the hessian of a squared error and never 0 where there is a slope.
    "majorizer" for classes: all trees of a round move at once, and by the diagonal alone they overshoot together.
    "exact" for the rest, logits and logarithms of a mean: there it is positive. Of a loss that is not convex it is
    raised to LEAST times the slope, where it would be negative or nearly 0.
    """
    if _own_fisher(loss):
        return "fisher"
    bounded = not isinstance(loss, Pointwise) or hasattr(loss, "majorizer") or of_residual(loss)
    return "majorizer" if bounded or _of_such_terms(loss) else "exact"


def _own_fisher(loss: Any) -> bool:
    inner = behind(loss)
    terms = [term for _, term in inner.terms] if isinstance(inner, PointwiseSum) else [inner]
    return all(hasattr(term, "fisher") for term in terms)


def _of_such_terms(loss: Any) -> bool:
    return isinstance(loss, PointwiseSum) and any(default(term) == "majorizer" for _, term in loss.terms)


@lru_cache(maxsize=1024)
def of_residual(loss: Loss) -> bool:
    """Tell whether a loss of one prediction sees only prediction - target: both may move together."""
    if not isinstance(loss, Pointwise) or len(loss.predictions) > 1 or loss.domains():
        return False
    prediction, target = np.array([0.0, 1.5, -0.25, 3.0]), np.array([0.5, 1.0, 1.0, 3.0])
    here = loss(prediction, target, reduction="none")
    return all(np.allclose(here, loss(prediction + s, target + s, reduction="none"), 1e-9, 1e-12) for s in (-4.0, 8.0))


def plan(loss: Loss, rule: str | None) -> tuple[Any, ...]:
    """Return how the curvature is found: the rule, a majorizer by its kind, a sum's by those of its terms."""
    if rule is not None and rule not in RULES:
        raise OptionError(say("hessian", expected=f"one of {', '.join(RULES)}, or None", got=repr(rule)))
    chosen = rule or default(loss)
    if chosen == "fisher" and _own_fisher(loss):
        return ("own fisher",)
    if chosen == "fisher" and isinstance(loss, Row) and loss.estimates not in SHARES:
        got, cause = f'"fisher" for {type(loss).__name__}', "it does not estimate the probabilities of the classes"
        raise DerivativeError(say("hessian", expected='"exact" or "majorizer"', got=got, cause=cause))
    if chosen == "engine" and type(loss).__name__ == "SquaredError":
        return ("residual",)  # all engines mean half of it by that name: a curvature of 1
    if rule is None and chosen == "exact" and not behind(loss).convex:
        return ("raised",)
    return _kind(loss) if chosen == "majorizer" and isinstance(loss, Pointwise) else (chosen,)


def _kind(loss: Any) -> tuple[Any, ...]:
    if hasattr(loss, "majorizer"):
        return ("own",)
    if of_residual(loss):
        flat = float(loss.value_and_grad([0.0], [0.0])[1][0]) == 0.0
        return ("residual",) if flat else ("even part",)
    if isinstance(loss, PointwiseSum) and all(weight >= 0 for weight, _ in loss.terms):
        return ("sum", *(plan(term, None) for _, term in loss.terms))
    got, cause = f'"majorizer" for {type(behind(loss)).__name__}', "its class gives no `majorizer`"
    raise DerivativeError(say("hessian", expected='"exact", "fisher" or "engine"', got=got, cause=cause))


def bend(
    loss: Any, how: tuple[Any, ...], engine: str, m: Tracer, inputs: dict[str, Node], name: str, nearest: Any
) -> Node:
    """Return the curvature of a pointwise loss in one prediction, found as planned."""
    if how[0] == "own":
        return _node(m, loss.majorizer(m, *inputs.values()))
    if how[0] == "sum":
        parts = zip(loss.terms, how[1:], strict=True)
        return _node(m, sum(w * bend(term, part, engine, m, inputs, name, nearest) for (w, term), part in parts))
    if how[0] in ("residual", "even part"):
        return _weight(loss, how[0], m, inputs, nearest)
    exact = curvature(loss, m, inputs, name, name)
    if "fisher" in how[0]:
        return _expected(loss, exact, m, inputs, name)
    if how[0] == "raised":
        return _node(m, m.maximum(exact, LEAST * m.abs(slope(loss, m, inputs, name))))
    key = engine, type(loss).__name__
    if how[0] == "engine" and key in CONSTANT:
        return m.constant(1.0)
    return FACTORS.get(key, 1.0) * exact if how[0] == "engine" else exact


def _weight(loss: Any, kind: str, m: Tracer, inputs: dict[str, Node], nearest: Any) -> Node:
    """Build slope / residual; where the slope at 0 is not 0, that of the even part, (s(r) - s(-r)) / 2r.

    A weighted mean of the residuals is then the step: iterated least squares. It bounds the loss from above where
    the loss is symmetric, apart from a linear term, and the weight does not rise with the size of the residual.
    """
    residual = inputs["prediction"] - inputs["target"]
    safe: Node = m.where(residual < 0.0, m.minimum(residual, -nearest), m.maximum(residual, nearest))
    bent, zero = slope(loss, m, inputs, "prediction"), m.constant(0.0)
    up = at(bent, m, prediction=safe, target=zero)
    if kind == "residual":
        return up / safe
    return 0.5 * (up - at(bent, m, prediction=-safe, target=zero)) / safe


def _expected(loss: Any, exact: Node, m: Tracer, inputs: dict[str, Node], name: str) -> Node:
    """Build the expected hessian: the class's own `fisher`, that of two labels, or, linear in a target, at its mean."""
    if _own_fisher(loss):
        return _given(behind(loss), m, inputs, name)
    if loss.estimates in MEANS:
        mean, labels = MEANS[loss.estimates](m, inputs[name]), loss.domains().get("target", REAL)
        if not isinstance(labels, Choice):
            return at(exact, m, target=mean)
        low, high = (at(exact, m, target=m.constant(label)) for label in sorted(labels.values))
        return _node(m, low + mean * (high - low))
    got = f'"fisher" for {type(behind(loss)).__name__}'
    cause = "the loss does not estimate a mean, so nothing says which targets to expect"
    raise DerivativeError(say("hessian", expected='"exact" or "majorizer"', got=got, cause=cause))


def _given(inner: Any, m: Tracer, inputs: dict[str, Node], name: str) -> Node:
    sets, place, found = domains(inner), inner.predictions.index(name), m.constant(0.0)
    taken = [into(m, sets.get(n, REAL), x) for n, x in inputs.items()]
    terms: tuple[tuple[Any, Any], ...] = inner.terms if isinstance(inner, PointwiseSum) else ((1.0, inner),)
    for weight, term in terms:
        parts = term.fisher(m, *taken)
        found = found + weight * (parts[place] if isinstance(parts, tuple) else parts)
    return _node(m, found * m.square(rise(m, sets[name], inputs[name])[0]))


MEANS: dict[str, Callable[[Any, Any], Any]] = {
    "mean": lambda m, x: x,
    "log of the mean": lambda m, x: m.exp(x),
    "logit of the probability of the label 1": lambda m, x: m.sigmoid(x),
}


def at(node: Node, m: Tracer, **places: Any) -> Node:
    """Return a graph with some inputs replaced by other nodes."""
    inputs = {part.name: m.input(part.name) for part in order([node]) if part.verb == "input"}
    return _node(m, evaluate([node], m, inputs | places)[0])


def _node(m: Tracer, value: Any) -> Node:
    return value if isinstance(value, Node) else m.constant(value)
