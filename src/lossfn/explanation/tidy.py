"""A formula with its terms collected, for reading: r + r becomes 2·r, 0.5·2·u / u becomes 1.

Equal in exact arithmetic to what the engines compute, not in its rounding.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from lossfn.core.graph import Node, Tracer, order

Powers = tuple[tuple[int, float], ...]  # atoms by id, with their exponents: a product
Sum = dict[Powers, float]  # products with their coefficients


class Tidy:
    """Collects terms; sums that were met before are recognised, with either sign.

    `settings` names the hyperparameters, which stand before the target, which stands before the prediction.
    """

    def __init__(self, m: Tracer, settings: Iterable[str]) -> None:
        self.m, self.ranks = m, dict.fromkeys(settings, 0) | {"target": 1}
        self.atoms: dict[int, Node] = {}
        self.known: dict[int, Sum] = {}
        self.sums: dict[frozenset[tuple[Powers, float]], int] = {}

    def node(self, node: Node) -> Node:
        """Return an equal node with its terms collected."""
        return self.build(self.sum(node))

    def sum(self, node: Node) -> Sum:
        """Return a node as a sum of products."""
        if id(node) not in self.known:
            rule = getattr(self, f"_{node.verb}", None)
            self.known[id(node)] = rule(*node.args) if rule else self._atom(node)
        return self.known[id(node)]

    def build(self, terms: Sum) -> Node:
        """Return the node of a sum of products."""
        total = self.m.constant(0.0)
        for powers, coefficient in terms.items():
            product = self._product(powers, abs(coefficient))
            total = total - product if coefficient < 0 else total + product
        return total

    def _product(self, powers: Powers, coefficient: float) -> Node:
        top, bottom = self.m.constant(coefficient), self.m.constant(1.0)
        for atom, exponent in sorted(powers, key=self._rank):
            factor = self._raised(self.atoms[atom], abs(exponent))
            top, bottom = (top * factor, bottom) if exponent > 0 else (top, bottom * factor)
        return top / bottom

    def _rank(self, power: tuple[int, float]) -> int:
        inputs = (node for node in order([self.atoms[power[0]]]) if node.verb == "input")
        return max((self.ranks.get(node.name, 2) for node in inputs), default=0)

    def _raised(self, atom: Node, exponent: float) -> Node:
        return atom if exponent == 1 else self.m.apply("power", atom, exponent)

    def _atom(self, node: Node) -> Sum:
        if node.verb == "const":
            return {(): node.number} if node.number else {}
        whole = self.m.apply(node.verb, *(self.node(arg) for arg in node.args)) if node.args else node
        self.atoms[id(whole)] = whole
        return {((id(whole), 1.0),): 1.0}

    def _add(self, x: Node, y: Node) -> Sum:
        return added(self.sum(x), self.sum(y))

    def _sub(self, x: Node, y: Node) -> Sum:
        if x.verb == y.verb == "input" and x is not y:  # a residual stays one quantity
            return dict([self._single({**self._atom(x), **scaled(self._atom(y), -1.0)})])
        return added(self.sum(x), scaled(self.sum(y), -1.0))

    def _neg(self, x: Node) -> Sum:
        return scaled(self.sum(x), -1.0)

    def _mul(self, x: Node, y: Node) -> Sum:
        return self._times(self.sum(x), self.sum(y))

    _weighted = _mul

    def _div(self, x: Node, y: Node) -> Sum:
        powers, coefficient = self._single(self.sum(y))
        return self._times(self.sum(x), {tuple((a, -k) for a, k in powers): 1.0 / coefficient})

    def _power(self, x: Node, exponent: Node) -> Sum:
        powers, coefficient = self._single(self.sum(x))
        if not exponent.number.is_integer() and (coefficient < 0 or len(powers) != 1 or powers[0][1] != 1):
            return self._atom(self.m.apply("power", self.m.apply("abs", x), exponent))
        return {tuple((a, k * exponent.number) for a, k in powers): coefficient**exponent.number}

    def _times(self, x: Sum, y: Sum) -> Sum:
        if not x or not y:
            return {}
        if () in x and len(x) == 1:
            return scaled(y, x[()])
        if () in y and len(y) == 1:
            return scaled(x, y[()])
        (left, a), (right, b) = self._single(x), self._single(y)
        return {self._multiplied(left, right): a * b}

    def _multiplied(self, x: Powers, y: Powers) -> Powers:
        total = dict(x)
        for atom, exponent in y:
            total[atom] = total.get(atom, 0.0) + exponent
        return tuple((atom, total[atom]) for atom in self.atoms if total.get(atom))

    def _single(self, terms: Sum) -> tuple[Powers, float]:
        """Return a sum as one product: itself as an atom, unless it has one term only."""
        if len(terms) == 1:
            return next(iter(terms.items()))
        if not terms:
            return (), 0.0
        opposite = frozenset(scaled(terms, -1.0).items())
        if opposite in self.sums:
            return ((self.sums[opposite], 1.0),), -1.0
        whole = self.build(terms)
        self.atoms[id(whole)] = whole
        self.sums.setdefault(frozenset(terms.items()), id(whole))
        return ((self.sums[frozenset(terms.items())], 1.0),), 1.0


def added(x: Mapping[Powers, float], y: Mapping[Powers, float]) -> Sum:
    """Add sums of products term by term."""
    total = {powers: x.get(powers, 0.0) + y.get(powers, 0.0) for powers in (*x, *y)}
    return {powers: coefficient for powers, coefficient in total.items() if coefficient}


def scaled(x: Mapping[Powers, float], factor: float) -> Sum:
    """Multiply every coefficient."""
    return {powers: factor * coefficient for powers, coefficient in x.items()}
