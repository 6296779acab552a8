"""Where NaN goes: whether a result is sure to be NaN when an input is."""

from __future__ import annotations

from collections.abc import Iterable

from lossfn.core.graph import COMPARISONS, Node, order


def guarded(slope: Node, value: Node, inputs: Iterable[Node]) -> Node:
    """Return the slope, NaN where an input makes the value NaN: that of a straight line does not know its input."""
    m = slope.tracer
    for source in inputs:
        if carries(value, source) and not carries(slope, source):
            slope = m.apply("where", m.equal(source, source), slope, source)
    return slope


def carries(node: Node, source: Node) -> bool:
    """Tell whether `node` is surely NaN where `source` is."""
    sure: dict[int, bool | None] = {}
    for one in order([node]):
        args = [sure[id(arg)] for arg in one.args]
        sure[id(one)] = True if one is source else _surely(one.verb, args)
    return sure[id(node)] is True


def _surely(verb: str, args: list[bool | None]) -> bool | None:
    # Of a condition: what it is when the source is NaN, or None. Of a number: whether it is NaN then.
    if verb in COMPARISONS:
        return False if any(args) else None
    if verb == "negate":
        return None if args[0] is None else not args[0]
    if verb == "either":
        return True if True in args else None if None in args else False
    if verb == "where":
        condition, *branches = args
        return all(branches) if condition is None else branches[not condition]
    return args[0] if verb == "weighted" else any(args)
