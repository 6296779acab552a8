"""A loss, traced: its value and the slopes an engine may be asked for, as graphs over named inputs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, lru_cache, partial
from typing import TYPE_CHECKING, Any

import numpy as np

from lossfn.core.errors import FormulaError, say
from lossfn.core.graph import CONDITIONS, Node, Tracer, derive
from lossfn.core.nans import guarded
from lossfn.core.vocabulary import Vocabulary

if TYPE_CHECKING:
    from lossfn.core.loss import Loss


@dataclass(frozen=True)
class Program:
    """The graphs of one loss.

    Attributes
    ----------
    inputs
        Names the formula reads per element or row, hyperparameters apart.
    value
        The formula.
    slopes
        Its first derivatives, by input.
    curvatures
        Its second derivatives, by pair of inputs.
    outside
        The condition that some input lies outside its domain, or None.
    """

    inputs: tuple[str, ...]
    value: Node
    slopes: Callable[[str], Node]
    curvatures: Callable[[str, str], Node]
    outside: Node | None


def trace(loss: Loss) -> Program:
    """Return the program of a loss: one per structure, whatever its numbers."""
    if "program" not in loss.memo:
        loss.memo["program"] = _trace(loss.structure(), _Alike(loss))
    found: Program = loss.memo["program"]
    return found


class _Alike:
    """A loss that hashes and compares as nothing, so that only its structure keys the cache."""

    def __init__(self, loss: Loss) -> None:
        self.loss = loss

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Alike)

    def __hash__(self) -> int:
        return 0


@lru_cache(maxsize=1024)
def _trace(structure: tuple[Any, ...], alike: _Alike) -> Program:
    loss, m = alike.loss, Tracer()
    bound = loss.bind(lambda name, value: m.input(name))
    inputs = {name: m.input(name) for name in loss.inputs}
    value = _node(m, _formula(bound, m, inputs))

    def slopes(name: str) -> Node:
        found = slope(bound, m, inputs, name)
        return guarded(found, value, inputs.values()) if name in loss.predictions else found

    curvatures = cache(partial(curvature, bound, m, inputs))
    return Program(tuple(inputs), value, cache(slopes), curvatures, _outside(m, bound, inputs))


def _formula(loss: Loss, m: Tracer, inputs: dict[str, Node]) -> Any:
    try:
        return loss.apply_formula(m, inputs)
    except (TypeError, AttributeError) as error:
        if isinstance(error, FormulaError) or not any(
            kind in str(error) for kind in ("'Node'", "type Node", "'Tracer'")
        ):
            raise
        verbs = ", ".join(name for name in vars(Vocabulary) if not name.startswith(("_", "apply")))
        cause = "a function of Python or NumPy where a verb belongs"
        wanted = f"arithmetic and the verbs of m: {verbs}"
        raise FormulaError(say("formula", expected=wanted, got=error, cause=cause, fix="m.exp(x)")) from error


def slope(loss: Loss, m: Tracer, inputs: dict[str, Node], name: str) -> Node:
    """Return the slope in one input: the class's own, or derived from the formula."""
    given = loss.known_slope(m, inputs, name)
    return derive(_node(m, loss.apply_formula(m, inputs)), inputs[name]) if given is None else _node(m, given)


def curvature(loss: Loss, m: Tracer, inputs: dict[str, Node], first: str, second: str) -> Node:
    """Return a second derivative: the class's own, or derived from the slope."""
    given = loss.known_curvature(m, inputs, first, second)
    return derive(slope(loss, m, inputs, first), inputs[second]) if given is None else _node(m, given)


def _outside(m: Tracer, loss: Loss, inputs: dict[str, Node]) -> Node | None:
    conditions = [domain.outside(m, inputs[name]) for name, domain in loss.domains().items()]
    joined = None
    for condition in conditions:
        if condition is not None:
            joined = condition if joined is None else m.either(joined, condition)
    return joined


def _node(m: Tracer, value: Any) -> Node:
    if isinstance(value, int | float | np.number):
        return m.constant(float(value))
    if isinstance(value, Node) and value.verb not in CONDITIONS:
        return value
    got = "a condition" if isinstance(value, Node) else f"{type(value).__name__}"
    raise FormulaError(
        say("formula", expected="a return of one number", got=got, fix="return m.where(condition, x, y)")
    )
