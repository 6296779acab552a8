"""e^x that makes good what rounding took from x: half a unit in the last place of x is |x|/2 units in that of e^x.

The arithmetic that leads to an exponent is walked through, and for each step what it lost is formed, to first order:
exactly for a sum or product of numbers, by the chain rule where an argument had lost something already.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

from lossfn.core.graph import Node, order
from lossfn.core.simplify import number

LOST = " lost"
Known = Callable[[Node], Any]


def exact_exponents(roots: Sequence[Node], inputs: frozenset[str]) -> list[Node]:
    """Rewrite the exponentials below the roots; an input `x` may come with another, `x lost`."""
    done: dict[int, Node] = {}
    lost: dict[int, Any] = {}
    for node in order(roots):
        args = tuple(done[id(a)] for a in node.args)
        again = node.tracer.apply(node.verb, *args) if args else node
        done[id(node)] = _restored(again, partial(_lost, lost, RULES, inputs)) if again.verb in RESTORED else again
    return [done[id(root)] for root in roots]


def lost_by(node: Node, rules: Mapping[str, Callable[..., Any]], inputs: frozenset[str]) -> Any:
    """Return what rounding took from a node, by one rule per verb."""
    return _lost({}, rules, inputs, node)


def nothing(lost: Any) -> bool:
    """Tell whether a loss is known to be 0."""
    return not isinstance(lost, Node) or number(lost) == 0.0


RESTORED = ("exp", "expm1")


def _restored(node: Node, lost: Known) -> Node:
    by = lost(node.args[0])
    if nothing(by):
        return node
    better = node + (node if node.verb == "exp" else node + 1.0) * by
    result: Node = node.tracer.where(node.tracer.equal(better, better), better, node)
    return result


def _lost(known: dict[int, Any], rules: Mapping[str, Callable[..., Any]], inputs: frozenset[str], root: Node) -> Any:
    for node in order([root]):
        if id(node) not in known:
            known[id(node)] = (
                _of_step(node, rules, lambda a: known.get(id(a), 0.0)) if node.args else _of_input(node, inputs)
            )
    return known[id(root)]


def _of_input(node: Node, inputs: frozenset[str]) -> Any:
    return node.tracer.input(node.name + LOST) if node.name + LOST in inputs else 0.0


def _of_step(node: Node, rules: Mapping[str, Callable[..., Any]], lost: Known) -> Any:
    rule = rules.get(node.verb)
    return rule(node, *node.args, lost) if rule else 0.0


def _sum(out: Node, x: Node, y: Node, lost: Known) -> Any:
    back = out - x
    if out.verb == "add":
        return (x - (out - back)) + (y - back) + (lost(x) + lost(y))
    return (x - (out - back)) - (y + back) + (lost(x) - lost(y))


def _product(out: Node, x: Node, y: Node, lost: Known) -> Any:
    m = out.tracer
    own = 0.0 if _power_of_two(x) or _power_of_two(y) else m.apply("lost_mul", x, y, out)
    return own + (y * lost(x) + x * lost(y))


def _power_of_two(x: Node) -> bool:
    return x.verb == "const" and abs(math.frexp(x.number)[0]) == 0.5


def _quotient(out: Node, x: Node, y: Node, lost: Known) -> Any:
    # x - out·y: what the product lost is what the quotient leaves of x.
    left = 0.0 if _power_of_two(y) else (x - out * y) - out.tracer.apply("lost_mul", out, y, out * y)
    return (left + (lost(x) - out * lost(y))) / y


def _where(out: Node, condition: Node, x: Node, y: Node, lost: Known) -> Any:
    of_x, of_y = lost(x), lost(y)
    return 0.0 if nothing(of_x) and nothing(of_y) else out.tracer.where(condition, of_x, of_y)


def _root(out: Node, x: Node, lost: Known) -> Any:
    square = out * out
    left = (x - square) - out.tracer.apply("lost_mul", out, out, square)
    return (left + lost(x)) / (2.0 * out)


def _log(out: Node, x: Node, lost: Known) -> Any:
    return out.tracer.apply("lost_log", x, out) + lost(x) / x


def _log1p(out: Node, x: Node, lost: Known) -> Any:
    m, whole = out.tracer, 1.0 + x
    return (
        m.apply("lost_log", whole, out)
        + (_sum(whole, *whole.args, lost) if _sum is RULES.get(whole.verb) else 0.0) / whole
    )


def _softplus(out: Node, x: Node, lost: Known) -> Any:
    # Only the tail is rounded where x > 0; below, the result is too small to matter.
    m = out.tracer
    tail = m.log1p(m.exp(-m.abs(x)))
    return m.where(x > 0.0, (x - out) + tail + lost(x), 0.0)


RULES: dict[str, Callable[..., Any]] = {
    "neg": lambda out, x, lost: -lost(x),
    "abs": lambda out, x, lost: 0.0 if nothing(lost(x)) else out.tracer.where(x < 0.0, -lost(x), lost(x)),
    "add": _sum,
    "sub": _sum,
    "mul": _product,
    "div": _quotient,
    "sqrt": _root,
    "where": _where,
    "log": _log,
    "log1p": _log1p,
    "softplus": _softplus,
}
