"""A value that makes good what rounding took on the way to it: float64 formulas of many steps end within 2 ULP.

Each step's loss is formed to first order as in `exponents`; a function's own last digit is left as it is.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lossfn.core.graph import Node
from lossfn.core.vocabulary import RULES as SLOPES
from lossfn.engines import exponents


def finished(value: Node, inputs: frozenset[str]) -> Node:
    """Return the value plus what its steps lost."""
    return value + lost_digits(value, inputs)


def lost_digits(value: Node, inputs: frozenset[str]) -> Node:
    """Return what the steps to a value lost; 0 where that is not a number."""
    m, lost = value.tracer, exponents.lost_by(value, RULES, inputs)
    if exponents.nothing(lost):
        return m.constant(0.0)
    result: Node = m.where(m.equal(value + lost, value + lost), lost, 0.0)
    return result


def _through(out: Node, *args: Any) -> Any:
    """What the arguments lost, times the slopes of the function."""
    *nodes, lost = args
    losses = tuple(lost(a) for a in nodes)
    return 0.0 if all(map(exponents.nothing, losses)) else SLOPES[out.verb](out.tracer, tuple(nodes), out, losses)


def _weighted(out: Node, weight: Node, x: Node, lost: exponents.Known) -> Any:
    m, product = out.tracer, weight * x
    return m.where(m.equal(weight, 0.0), 0.0, exponents.RULES["mul"](product, weight, x, lost))


THROUGH = ("log", "log1p", "softplus", "log_cosh", "minimum", "maximum", "power", "tanh", "sigmoid")
RULES: dict[str, Callable[..., Any]] = {
    **{verb: exponents.RULES[verb] for verb in ("neg", "abs", "add", "sub", "mul", "div", "sqrt", "where")},
    **dict.fromkeys(THROUGH, _through),
    "weighted": _weighted,
}
