"""A lowered graph as straight-line code: one instruction or one elementary function per node."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

from lossfn.core.graph import Node, order
from lossfn.engines.native.code import Code
from lossfn.engines.native.elementary import Elementary
from lossfn.engines.native.lower import lower
from lossfn.engines.native.value import REAL, Value


class Numbers(dict[str, Value]):
    """The values of named inputs; `steady` holds the names of hyperparameters, which are never NaN."""

    steady: frozenset[str] = frozenset()


def emit(code: Code, roots: Sequence[Node], inputs: Numbers, long: bool, kind: str = REAL) -> list[Value]:
    """Append the code of the roots and return their values; elementary functions need float64."""
    lowered, functions = lower(roots, long, frozenset(inputs)), Elementary(code, long)
    values: dict[int, Value] = {}
    for node in order(lowered):
        if node.verb == "const":
            values[id(node)] = code.like(node.number, kind)
        elif node.verb == "input":
            values[id(node)] = inputs[node.name]
        elif node.verb in ("minimum", "maximum"):
            values[id(node)] = _extreme(code, node, values, inputs.steady)
        elif node.verb in ELEMENTARY:
            values[id(node)] = getattr(functions, node.verb)(*(values[id(a)] for a in node.args))
        else:
            values[id(node)] = VERBS[node.verb](code, *(values[id(a)] for a in node.args))
    return [values[id(root)] for root in lowered]


ELEMENTARY = {"exp", "exp_unit", "expm1", "log", "log1p", "log1p_unit", "lost_mul", "lost_log"}
VERBS: Mapping[str, Callable[..., Value]] = {
    "add": lambda c, x, y: c.binary("add", x, y),
    "sub": lambda c, x, y: c.binary("sub", x, y),
    "mul": lambda c, x, y: c.binary("mul", x, y),
    "div": lambda c, x, y: c.binary("div", x, y),
    "neg": lambda c, x: -x,
    "abs": lambda c, x: c.call("llvm.fabs", x.kind, x),
    "sqrt": lambda c, x: c.call("llvm.sqrt", x.kind, x),
    "lt": lambda c, x, y: c.compare("olt", x, y),
    "le": lambda c, x, y: c.compare("ole", x, y),
    "gt": lambda c, x, y: c.compare("ogt", x, y),
    "ge": lambda c, x, y: c.compare("oge", x, y),
    "equal": lambda c, x, y: c.compare("oeq", x, y),
    "either": lambda c, x, y: x | y,
    "negate": lambda c, x: x ^ -1,
    "where": lambda c, condition, x, y: c.select(condition, x, y),
}


def _extreme(code: Code, node: Node, values: Mapping[int, Value], steady: frozenset[str]) -> Value:
    # A comparison with NaN is false, so the second choice must be the one that may be NaN.
    (a, b), how = node.args, "olt" if node.verb == "minimum" else "ogt"
    x, y = values[id(a)], values[id(b)]
    if _is_steady(a, steady):
        return code.select(code.compare(how, x, y), x, y)
    chosen = code.select(code.compare(how, y, x), y, x)
    return chosen if _is_steady(b, steady) else code.select(code.compare("uno", y, y), y, chosen)


def _is_steady(node: Node, steady: frozenset[str]) -> bool:
    if node.verb == "input":
        return node.name in steady
    return node.verb == "const" or (node.verb == "neg" and _is_steady(node.args[0], steady))
