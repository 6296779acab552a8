"""A formula with branches as a list of cases, each with the ranges it holds on."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import NamedTuple

from lossfn.core.graph import Node, evaluate, order
from lossfn.explanation.tidy import Powers, Tidy, scaled

FLIPPED = {"lt": "gt", "le": "ge", "gt": "lt", "ge": "le", "equal": "equal"}
OPPOSITE = {"lt": "ge", "le": "gt", "gt": "le", "ge": "lt"}
FAR = 1e15  # a branch beyond only keeps numbers from overflowing
ARITHMETIC = {"add", "const", "div", "input", "mul", "neg", "sub"}


class Comparison(NamedTuple):
    """A comparison, solved for what depends on the data; its bound as a number and as it is written."""

    verb: str
    subject: Node
    bound: float
    written: Node


@dataclass(frozen=True)
class Range:
    """What is known of one quantity: its two ends, as numbers and as they are written."""

    low: float = -math.inf
    high: float = math.inf
    low_open: bool = True
    high_open: bool = True
    low_written: Node | None = None
    high_written: Node | None = None

    @property
    def far(self) -> bool:
        """Whether an end only keeps numbers from overflowing."""
        return any(FAR <= abs(end) < math.inf for end in (self.low, self.high))

    def tells(self, verb: str, bound: float) -> bool | None:
        """Tell whether a comparison holds throughout the range (True), nowhere (False) or in part (None)."""
        if verb == "equal":
            reached = self._reaches("le", bound) and self._reaches("ge", bound)
            return (None if self.low < self.high else True) if reached else False
        if not self._reaches(verb, bound):
            return False
        return None if self._reaches(OPPOSITE[verb], bound) else True

    def _reaches(self, verb: str, bound: float) -> bool:
        if verb in ("gt", "ge"):
            return self.high > bound or (self.high == bound and verb == "ge" and not self.high_open)
        return self.low < bound or (self.low == bound and verb == "le" and not self.low_open)

    def cut(self, by: Comparison) -> Range:
        """Return what is left where the comparison holds."""
        verb, _, bound, written = by
        if verb == "equal":
            return Range(bound, bound, False, False, written, written)
        if verb in ("gt", "ge"):
            return replace(self, low=bound, low_open=verb == "gt", low_written=written)
        return replace(self, high=bound, high_open=verb == "lt", high_written=written)


Facts = dict[Node, Range]
Case = tuple[Facts, Node]


class Branches:
    """Splits formulas into cases; the hyperparameters' numbers decide what can be decided."""

    def __init__(self, tidy: Tidy, settings: Mapping[str, float]) -> None:
        self.tidy, self.settings = tidy, dict(settings)

    def split(self, node: Node, facts: Facts | None = None) -> list[Case]:
        """Return where each case of a formula holds and what it then is, in ascending order."""
        facts = facts or {}
        node = self._decided(node, facts)
        by = next((s for n in order([node]) if n.verb == "where" and (s := self._solved(n.args[0]))), None)
        if by is None:
            return [(facts, self.tidy.node(node))]
        known, others = facts.get(by.subject, Range()), ("lt", "gt")
        verbs = (by.verb, *((OPPOSITE[by.verb],) if by.verb in OPPOSITE else others))
        parts = [known.cut(by._replace(verb=verb)) for verb in verbs if known.tells(verb, by.bound) is not False]
        parts = [part for part in parts if part.low < FAR and part.high > -FAR] or parts
        parts.sort(key=lambda part: (part.low, part.high))
        return [case for part in parts for case in self.split(node, facts | {by.subject: part})]

    def _decided(self, node: Node, facts: Facts) -> Node:
        """Take the branches that the facts decide."""
        new: dict[int, Node] = {}
        for n in order([node]):
            args = tuple(new[id(a)] for a in n.args)
            new[id(n)] = self._taken(n, args, facts) if args else n
        return new[id(node)]

    def _taken(self, n: Node, args: tuple[Node, ...], facts: Facts) -> Node:
        m, pairs = n.tracer, {"minimum": "le", "maximum": "ge"}
        if n.verb in pairs:
            truth = self._truth(m.apply(pairs[n.verb], *args), facts)
            return m.apply(n.verb, *args) if truth is None else args[0 if truth else 1]
        truth = self._truth(args[0], facts) if n.verb == "where" else None
        return m.apply(n.verb, *args) if truth is None else args[1 if truth else 2]

    def _truth(self, condition: Node, facts: Facts) -> bool | None:
        solved = self._solved(condition)
        if solved is None:
            return None
        constant = Range(0.0, 0.0, False, False)
        known = constant if solved.subject.verb == "const" else facts.get(solved.subject, Range())
        return known.tells(solved.verb, solved.bound)

    def _solved(self, condition: Node) -> Comparison | None:
        if condition.verb not in FLIPPED:
            return None
        difference = self.tidy.sum(condition.args[0] - condition.args[1])
        data = {powers: c for powers, c in difference.items() if self._depends(powers)}
        rest = {powers: -c for powers, c in difference.items() if powers not in data}
        factor = next(iter(data.values())) if len(data) == 1 else 1.0
        subject, written = (self.tidy.build(scaled(part, 1.0 / factor)) for part in (data, rest))
        bound = self._number(written)
        verb = FLIPPED[condition.verb] if factor < 0 else condition.verb
        return None if bound is None else Comparison(verb, subject, bound, written)

    def _depends(self, powers: Powers) -> bool:
        return any(self._number(self.tidy.atoms[atom]) is None for atom, _ in powers)

    def _number(self, node: Node) -> float | None:
        nodes = order([node])
        if any(n.verb not in ARITHMETIC or (n.verb == "input" and n.name not in self.settings) for n in nodes):
            return None
        return float(evaluate([node], None, self.settings)[0])
