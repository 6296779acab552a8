"""Equal, simpler nodes: what the tracer tries before it records an operation."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from lossfn.core.graph import Node, Tracer


def number(node: Node) -> float | None:
    """Return the value of a constant node, None for any other."""
    return node.number if node.verb == "const" else None


def simplify(m: Tracer, verb: str, a: tuple[Node, ...]) -> Node | None:
    """Replace an operation by an equal, simpler node; a structural 0 wins over any factor."""
    rule = SIMPLIFY.get(verb)
    return rule(m, *a) if rule else None


def _add(m: Tracer, x: Node, y: Node) -> Node | None:
    if number(x) == 0 or number(y) == 0:
        return y if number(x) == 0 else x
    if y.verb == "neg":
        return m.apply("sub", x, y.args[0])
    if x.verb == "neg":
        return m.apply("sub", y, x.args[0])
    if x.verb == "sub" and x.args[1] is y:
        return x.args[0]
    return _spread(m, "add", x, y)


def _sub(m: Tracer, x: Node, y: Node) -> Node | None:
    if number(y) == 0:
        return x
    if number(x) == 0:
        return m.apply("neg", y)
    if y.verb == "neg":
        return m.apply("add", x, y.args[0])
    return _spread(m, "sub", x, y)


def _mul(m: Tracer, x: Node, y: Node) -> Node | None:
    if number(y) is not None and number(x) is None:
        x, y = y, x
    if number(x) == 0:
        return x
    if number(x) == 1:
        return y
    if number(x) == -1:
        return m.apply("neg", y)
    if y.verb == "neg" and x.verb == "const":
        return m.apply("mul", m.constant(-x.number), y.args[0])
    if x.verb == "const" and y.verb == "mul" and y.args[0].verb == "const":
        return m.apply("mul", m.constant(x.number * y.args[0].number), y.args[1])
    return _spread(m, "mul", x, y)


def _div(m: Tracer, x: Node, y: Node) -> Node | None:
    if number(x) == 0 or number(y) == 1:
        return x
    return _spread(m, "div", x, y) if number(y) else None


def _neg(m: Tracer, x: Node) -> Node | None:
    if x.verb == "const":
        return m.constant(-x.number)
    if x.verb == "sub":
        return m.apply("sub", x.args[1], x.args[0])
    if x.verb == "mul" and x.args[0].verb == "const":
        return m.apply("mul", m.constant(-x.args[0].number), x.args[1])
    if x.verb == "where" and any(b.verb == "const" for b in x.args[1:]):
        return m.apply("where", x.args[0], -x.args[1], -x.args[2])
    return x.args[0] if x.verb == "neg" else None


def _abs(m: Tracer, x: Node) -> Node | None:
    if x.verb == "mul" and x.args[0].verb == "const":
        return m.constant(abs(x.args[0].number)) * m.apply("abs", x.args[1])
    return m.apply("abs", x.args[0]) if x.verb == "neg" else x if x.verb == "abs" else None


def _weighted(m: Tracer, weight: Node, x: Node) -> Node | None:
    return m.apply("mul", weight, x) if weight.verb == "const" or x.verb == "const" else None


def _where(m: Tracer, c: Node, x: Node, y: Node) -> Node | None:
    if c.verb == "const":
        return x if c.number else y
    of_x, of_y = _where_known(c, x, 1), _where_known(c, y, 2)
    if of_x is of_y:
        return of_x
    return None if of_x is x and of_y is y else m.apply("where", c, of_x, of_y)


def _where_known(c: Node, x: Node, branch: int) -> Node:
    """Return what a node is in one branch of a condition."""
    if x.verb == "neg":
        inner = _where_known(c, x.args[0], branch)
        return x if inner is x.args[0] else -inner
    return x.args[branch] if x.verb == "where" and x.args[0] is c else x


def _spread(m: Tracer, verb: str, x: Node, y: Node) -> Node | None:
    """Carry arithmetic on a piecewise constant into its branches, where 0 and 1 vanish."""
    if x.verb == "const" and y.verb == "const":
        return m.constant(FOLD[verb](x.number, y.number))
    if x.verb == "where" and y.verb == "where" and x.args[0] is y.args[0]:
        pairs = zip(x.args[1:], y.args[1:], strict=True)
        return m.apply("where", x.args[0], *(m.apply(verb, a, b) for a, b in pairs))
    if x.verb == "where" and (y.verb == "const" or verb == "mul") and _piecewise_constant(x):
        return m.apply("where", x.args[0], *(m.apply(verb, b, y) for b in x.args[1:]))
    if y.verb == "where" and (x.verb == "const" or verb == "mul") and _piecewise_constant(y):
        return m.apply("where", y.args[0], *(m.apply(verb, x, b) for b in y.args[1:]))
    return None


def _piecewise_constant(node: Node) -> bool:
    return node.verb == "const" or (node.verb == "where" and any(map(_piecewise_constant, node.args[1:])))


FOLD: dict[str, Callable[[float, float], float]] = {
    "add": lambda x, y: x + y,
    "sub": lambda x, y: x - y,
    "mul": lambda x, y: x * y,
    "div": lambda x, y: x / y,
}
SIMPLIFY: dict[str, Callable[..., Node | None]] = {
    "add": _add,
    "sub": _sub,
    "mul": _mul,
    "div": _div,
    "neg": _neg,
    "abs": _abs,
    "weighted": _weighted,
    "where": _where,
}
