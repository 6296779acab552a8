"""A formula as a graph: traced once, differentiated on the nodes, subexpressions shared, printed.

Nodes are hash-consed: the same operation on the same nodes is the same object, so a derivative shares
the value's work without any search for common subexpressions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

from lossfn.core.errors import DerivativeError, FormulaError, say
from lossfn.core.simplify import FOLD, number, simplify
from lossfn.core.vocabulary import RULES, Vocabulary

COMPARISONS = {"lt", "le", "gt", "ge", "equal"}
CONDITIONS = COMPARISONS | {"either", "negate"}
CONDITIONAL = {"where": 1, "either": 2, "negate": 1}  # how many arguments, the first ones, are conditions


class Node:
    """One operation on other nodes, a number, or a named input; arithmetic on it builds more nodes."""

    __slots__ = ("args", "name", "number", "tracer", "verb")

    def __init__(self, tracer: Tracer, verb: str, args: tuple[Node, ...], name: str, number: float) -> None:
        self.tracer, self.verb, self.args, self.name, self.number = tracer, verb, args, name, number

    def __bool__(self) -> NoReturn:
        raise FormulaError(
            say(
                "formula",
                expected="no `if`, `and`, `or` or `not` on a traced value",
                got="a condition that depends on the data",
                cause="a Python branch inside a formula",
                fix="m.where(condition, x, y), or declare the hyperparameter with option(..., static=True)",
            )
        )

    def __eq__(self, other: object) -> NoReturn:
        raise FormulaError(
            say(
                "formula",
                expected="no `==` on a traced value",
                got="a comparison that would compare identities and silently pick one branch",
                fix="m.equal(x, y), or declare the hyperparameter with option(..., static=True)",
            )
        )

    def __ne__(self, other: object) -> NoReturn:
        self.__eq__(other)

    __hash__ = object.__hash__

    def __neg__(self) -> Node:
        return self.tracer.apply("neg", self)

    def __add__(self, other: Any) -> Node:
        return self.tracer.apply("add", self, other)

    def __radd__(self, other: Any) -> Node:
        return self.tracer.apply("add", other, self)

    def __sub__(self, other: Any) -> Node:
        return self.tracer.apply("sub", self, other)

    def __rsub__(self, other: Any) -> Node:
        return self.tracer.apply("sub", other, self)

    def __mul__(self, other: Any) -> Node:
        return self.tracer.apply("mul", self, other)

    def __rmul__(self, other: Any) -> Node:
        return self.tracer.apply("mul", other, self)

    def __truediv__(self, other: Any) -> Node:
        return self.tracer.apply("div", self, other)

    def __rtruediv__(self, other: Any) -> Node:
        return self.tracer.apply("div", other, self)

    def __pow__(self, exponent: float) -> Node:
        result: Node = self.tracer.power(self, exponent)
        return result

    def __abs__(self) -> Node:
        return self.tracer.apply("abs", self)

    def __lt__(self, other: Any) -> Node:
        return self.tracer.apply("lt", self, other)

    def __le__(self, other: Any) -> Node:
        return self.tracer.apply("le", self, other)

    def __gt__(self, other: Any) -> Node:
        return self.tracer.apply("gt", self, other)

    def __ge__(self, other: Any) -> Node:
        return self.tracer.apply("ge", self, other)


class Tracer(Vocabulary):
    """The vocabulary that records: each verb returns a node, simplified and shared."""

    def __init__(self) -> None:
        self.nodes: dict[tuple[Any, ...], Node] = {}

    def input(self, name: str) -> Node:
        """Return the named input."""
        return self._make("input", (), name)

    def constant(self, value: float) -> Node:
        """Return a number as a node."""
        return self._make("const", (), "", float(value))

    def apply(self, verb: str, *args: Any) -> Node:
        """Record one operation, unless a rule of `simplify` makes it a node that exists."""
        nodes = tuple(a if isinstance(a, Node) else self.constant(a) for a in args)
        simpler = simplify(self, verb, nodes)
        if simpler is not None:
            return simpler
        for place, node in enumerate(nodes):
            _fitting(verb, node, place < CONDITIONAL.get(verb, 0))
        return self._make(verb, nodes)

    def _make(self, verb: str, args: tuple[Node, ...], name: str = "", number: float = math.nan) -> Node:
        key = (verb, tuple(map(id, args)), name or repr(number))
        if key not in self.nodes:
            swapped = (verb, key[1][::-1], key[2])
            if verb in ("add", "mul") and swapped in self.nodes:
                return self.nodes[swapped]
            self.nodes[key] = Node(self, verb, args, name, number)
        return self.nodes[key]


def _fitting(verb: str, node: Node, asked: bool) -> None:
    if (node.verb in CONDITIONS) == asked:
        return
    number_asked = {"expected": f"numbers in {verb!r}", "got": "a condition", "fix": "m.where(condition, 1.0, 0.0)"}
    other = {"expected": f"a condition in {verb!r}", "got": "a number", "fix": "x > 0.0, or m.equal(x, y)"}
    raise FormulaError(say("formula", **(other if asked else number_asked)))


def derive(node: Node, wrt: Node) -> Node:
    """Differentiate on the graph: the slope of `node` in `wrt`, one rule per verb."""
    m, slopes = node.tracer, {id(wrt): node.tracer.constant(1.0)}
    for current in order([node]):
        if id(current) not in slopes:
            slopes[id(current)] = _slope(m, current, tuple(slopes[id(a)] for a in current.args))
    return slopes[id(node)]


def _slope(m: Tracer, node: Node, slopes: tuple[Node, ...]) -> Node:
    if node.verb in CONDITIONS or all(number(s) == 0 for s in slopes):
        return m.constant(0.0)
    if node.verb not in RULES:
        raise DerivativeError(f"the verb {node.verb!r} has no derivative rule")
    result = RULES[node.verb](m, node.args, node, slopes)
    return result if isinstance(result, Node) else m.constant(result)


def order(roots: Sequence[Node]) -> list[Node]:
    """List every node the roots need, arguments before users."""
    done: dict[int, Node] = {}
    stack = [(root, False) for root in reversed(roots)]
    while stack:
        node, expanded = stack.pop()
        if id(node) in done:
            continue
        if expanded:
            done[id(node)] = node
            continue
        stack.append((node, True))
        stack.extend((arg, False) for arg in reversed(node.args))
    return list(done.values())


def evaluate(roots: Sequence[Node], m: Any, inputs: dict[str, Any]) -> list[Any]:
    """Compute the roots with an array engine's verbs, each shared node once."""
    values: dict[int, Any] = {}
    for node in order(roots):
        if node.verb == "const":
            values[id(node)] = node.number
        elif node.verb == "input":
            values[id(node)] = inputs[node.name]
        else:
            args = tuple(values[id(arg)] for arg in node.args)
            plain = ARITHMETIC.get(node.verb)
            values[id(node)] = plain(*args) if plain else m.apply(node.verb, *args)
    return [values[id(root)] for root in roots]


ARITHMETIC: dict[str, Callable[..., Any]] = {
    **FOLD,
    "neg": lambda x: -x,
    "lt": lambda x, y: x < y,
    "le": lambda x, y: x <= y,
    "gt": lambda x, y: x > y,
    "ge": lambda x, y: x >= y,
}
