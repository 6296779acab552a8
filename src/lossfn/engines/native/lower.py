"""Verbs brought down to what sixteen lanes can do: after differentiation, before sharing.

`softplus`, `sigmoid`, `tanh` and `log_cosh` of one argument come to share one e^-|x|.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

from lossfn.core.graph import Node, Tracer, order
from lossfn.core.simplify import number
from lossfn.engines.exponents import exact_exponents
from lossfn.engines.native import coefficients as table

NEAR = 0.3
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10


def lower(roots: Sequence[Node], long: bool, inputs: frozenset[str]) -> list[Node]:
    """Rewrite the roots in primitive verbs, at the grade of the result."""
    done: dict[int, Node] = {}
    for node in order(roots):
        args = tuple(done[id(a)] for a in node.args)
        rule = RULES.get(node.verb)
        if rule:
            done[id(node)] = rule(node.tracer, long, *args)
        else:
            done[id(node)] = node.tracer.apply(node.verb, *args) if args else node
    lowered = [done[id(root)] for root in roots]
    return exact_exponents(lowered, inputs) if long else lowered


def _decay(m: Tracer, x: Node) -> Node:
    return m.apply("exp_unit", -m.abs(x))


def _sigmoid(m: Tracer, long: bool, x: Node) -> Node:
    e = _decay(m, x)
    d = 1.0 / (1.0 + e)
    if _size(x) is not None:
        return d if x.verb == "abs" else e * d
    # sigmoid(x) and sigmoid(-x) share their condition: at 0 both branches are ½.
    result: Node = m.where(x.args[0] >= 0.0, e * d, d) if x.verb == "neg" else m.where(x >= 0.0, d, e * d)
    return result


def _softplus(m: Tracer, long: bool, x: Node) -> Node:
    tail, size = m.apply("log1p_unit", _decay(m, x)), _size(x)
    if size is not None:
        return tail if x.verb == "neg" else size + tail
    result: Node = m.where(x > 0.0, x, 0.0) + tail
    return result


def _size(x: Node) -> Node | None:
    # |u| of x = |u| and of x = -|u|, whose sign needs no test.
    inner = x.args[0] if x.verb == "neg" else x
    return inner if inner.verb == "abs" else None


def _where(m: Tracer, long: bool, condition: Node, x: Node, y: Node) -> Node:
    # |x|, written in two branches for its slope at 0.
    two_branches = condition.verb == "ge" and condition.args[0] is x and number(condition.args[1]) == 0 and y is -x
    return m.apply("abs", x) if two_branches else m.apply("where", condition, x, y)


def _tanh(m: Tracer, long: bool, x: Node) -> Node:
    size = m.abs(x)
    if long:
        e = m.expm1(-2.0 * size)
        t = -e / (2.0 + e)
    else:
        e = _decay(m, 2.0 * x)
        t = m.where(size < NEAR, size * _series(x * x, table.TANH_SHORT), (1.0 - e) / (1.0 + e))
    result: Node = m.where(x < 0.0, -t, t)
    return result


def _log_cosh(m: Tracer, long: bool, x: Node) -> Node:
    size, tail = m.abs(x), m.apply("log1p_unit", _decay(m, 2.0 * x))
    if not long:
        far = size - math.log(2.0) + tail
        return m.apply("where", size < NEAR, x * x * _series(x * x, table.LOG_COSH_SHORT), far)
    far = (size - LN2_HIGH) + (tail - LN2_LOW)
    return m.apply("where", size < 1.0, x * x * _series(x * x, table.LOG_COSH_LONG), far)


def _series(z: Node, coefficients: Sequence[float]) -> Node:
    total = z.tracer.constant(coefficients[-1])
    for c in reversed(coefficients[:-1]):
        total = total * z + c
    return total


def _power(m: Tracer, long: bool, x: Node, exponent: Node) -> Node:
    k = exponent.number
    if k.is_integer() and abs(k) <= 8:
        product = _repeated(x, int(abs(k)))
        return product if k > 0 else 1.0 / product
    result: Node = m.sqrt(x) if k == 0.5 else m.exp(k * m.log(x))
    return result


def _repeated(x: Node, times: int) -> Node:
    if times == 1:
        return x
    half = _repeated(x, times // 2)
    return half * half * x if times % 2 else half * half


def _weighted(m: Tracer, long: bool, weight: Node, x: Node) -> Node:
    result: Node = m.where(m.equal(weight, 0.0), 0.0, weight * x)
    return result


def _sign(m: Tracer, long: bool, x: Node) -> Node:
    result: Node = m.where(x > 0.0, 1.0, m.where(x < 0.0, -1.0, x))
    return result


RULES: dict[str, Callable[..., Any]] = {
    "sigmoid": _sigmoid,
    "softplus": _softplus,
    "tanh": _tanh,
    "log_cosh": _log_cosh,
    "power": _power,
    "weighted": _weighted,
    "sign": _sign,
    "where": _where,
}
