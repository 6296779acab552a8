"""A traced formula as readable mathematics: infix, few parentheses, large shared parts named once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import fields
from itertools import count
from typing import Any

from lossfn.core.graph import Node, order
from lossfn.core.loss import Loss

SUM, PRODUCT, POWER, ATOM = 1, 2, 3, 4
INFIX = {"lt": "<", "le": "≤", "gt": ">", "ge": "≥", "equal": "="}
RAISED = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
SHORT = 12  # characters up to which a shared part is written out again
LETTERS = "uvtghijmnodfxyz"
FAMILIAR = {"prediction − target": "r", "(2·target − 1)·prediction": "margin"}


class Writer:
    """Writes nodes; large parts that occur more than once are written by a name and defined once.

    Attributes
    ----------
    definitions
        What the names stand for, in the order of use.
    """

    def __init__(self, inputs: Iterable[str], settings: Mapping[str, Any]) -> None:
        self.names: dict[int, str] = {}
        self.definitions: list[str] = []
        letters = sorted(set(LETTERS) - set(inputs), key=LETTERS.index)
        self._letters = (f"{letter}{number or ''}" for number in count() for letter in letters)
        self._inside = {name: short(value) for name, value in settings.items() if "." in name}

    def share(self, roots: Sequence[Node]) -> None:
        """Name what these formulas use more than once, and the residual."""
        nodes, whole = order(roots), set(map(id, roots))
        uses = Counter(id(arg) for node in nodes for arg in node.args)
        for node in nodes:
            familiar = FAMILIAR.get(self.write(node))
            if familiar or (id(node) not in whole and self._deserves_name(node, uses[id(node)])):
                self._define(node, familiar or next(self._letters))

    def _define(self, node: Node, name: str) -> None:
        self.definitions.append(f"{name} = {self.write(node)}")
        self.names[id(node)] = name

    def _deserves_name(self, node: Node, uses: int) -> bool:
        return uses > 1 and node.verb not in (*INFIX, "const", "input") and len(self.write(node)) > SHORT

    def write(self, node: Node, above: int = 0) -> str:
        """Return the text of a node, in parentheses where it binds weaker than what stands around it."""
        if id(node) in self.names:
            return self.names[id(node)]
        text, strength = self.spell(node)
        return f"({text})" if strength < above else text

    def spell(self, node: Node) -> tuple[str, int]:
        """Return the text of a node, its own name apart, and how strongly it binds."""
        if node.verb == "const":
            return short(node.number), SUM if node.number < 0 else ATOM
        if node.verb == "input":
            return self._inside.get(node.name, node.name), ATOM
        if node.verb in INFIX:
            left, right = (self.write(arg) for arg in node.args)
            return f"{left} {INFIX[node.verb]} {right}", 0
        return OPERATORS.get(node.verb, _call)(self, node)


def _call(w: Writer, node: Node) -> tuple[str, int]:
    verb = {"minimum": "min", "maximum": "max"}.get(node.verb, node.verb)
    return f"{verb}({', '.join(map(w.write, node.args))})", ATOM


def _add(w: Writer, node: Node) -> tuple[str, int]:
    left, right = w.write(node.args[0], SUM), w.write(node.args[1], SUM - 1)
    return (f"{left} − {right[1:]}" if right.startswith("−") else f"{left} + {right}"), SUM


def _sub(w: Writer, node: Node) -> tuple[str, int]:
    return f"{w.write(node.args[0], SUM)} − {w.write(node.args[1], PRODUCT)}", SUM


def _neg(w: Writer, node: Node) -> tuple[str, int]:
    return f"−{w.write(node.args[0], PRODUCT)}", SUM


def _mul(w: Writer, node: Node) -> tuple[str, int]:
    x, y = node.args
    if x is y:
        return f"{w.write(x, ATOM)}²", POWER
    if x.verb == "const" and x.number < 0:
        return f"{short(x.number)}·{w.write(y, PRODUCT)}", SUM
    return f"{w.write(x, PRODUCT)}·{w.write(y, PRODUCT)}", PRODUCT


def _div(w: Writer, node: Node) -> tuple[str, int]:
    return f"{w.write(node.args[0], PRODUCT)} / {w.write(node.args[1], POWER)}", PRODUCT


def _power(w: Writer, node: Node) -> tuple[str, int]:
    exponent = node.args[1].number
    raised = f"{exponent:g}".translate(RAISED) if exponent.is_integer() else f"^{w.write(node.args[1], ATOM)}"
    return f"{w.write(node.args[0], ATOM)}{raised}", POWER


def _either(w: Writer, node: Node) -> tuple[str, int]:
    return " or ".join(map(w.write, node.args)), 0


OPERATORS: dict[str, Callable[[Writer, Node], tuple[str, int]]] = {
    "abs": lambda w, node: (f"|{w.write(node.args[0])}|", ATOM),
    "add": _add,
    "div": _div,
    "either": _either,
    "mul": _mul,
    "neg": _neg,
    "negate": lambda w, node: (f"not ({w.write(node.args[0])})", ATOM),
    "power": _power,
    "sqrt": lambda w, node: (f"√{w.write(node.args[0], ATOM)}", ATOM),
    "sub": _sub,
    "weighted": _mul,
}


def call(loss: Loss) -> str:
    """Write the call that makes a loss, without the options that are off: None, 0 or False by default.

    Examples
    --------
    >>> import lossfn as lf
    >>> call(lf.CrossEntropy()), call(lf.CrossEntropy(label_smoothing=0.1)), call(lf.Huber())
    ('CrossEntropy', 'CrossEntropy(label_smoothing=0.1)', 'Huber(delta=1.0)')
    """
    given = [(spec.name, getattr(loss, spec.name), spec.default) for spec in fields(loss)]
    shown = [f"{name}={_plain(value)!r}" for name, value, usual in given if usual or not _same(value, usual)]
    shown = [text for text in shown if text not in ("reduction='mean'", "labels='01'")]
    whole = f"{type(loss).__name__}({', '.join(shown)})".removesuffix("()")
    return repr(loss) if hasattr(loss, "terms") else whole


def _same(value: Any, usual: Any) -> bool:
    return value is usual or (not hasattr(value, "tolist") and value == usual)


def _plain(value: Any) -> Any:
    return value.tolist() if hasattr(value, "tolist") else value


def short(number: float) -> str:
    """Write a number in few digits."""
    return f"{number:.6g}".replace("-", "−").replace("inf", "∞")
