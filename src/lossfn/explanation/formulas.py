"""What `show` says of a loss: value, gradient and hessian, derived from its graph."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lossfn.core.graph import Node, order
from lossfn.core.kinds import Distribution, Row
from lossfn.core.loss import Loss
from lossfn.core.program import Program, trace
from lossfn.core.simplify import number
from lossfn.explanation import scores
from lossfn.explanation.branches import Branches, Case, Facts, Range
from lossfn.explanation.joined import joined
from lossfn.explanation.text import Writer
from lossfn.explanation.tidy import Tidy

MANY = 6  # cases beyond which a formula is written with `where`


@dataclass(frozen=True)
class Formula:
    """One line of an explanation: a formula, or its cases, each with the condition it holds under."""

    name: str
    cases: tuple[tuple[str, str], ...]

    def __str__(self) -> str:
        """Write the formula on one line."""
        return "; ".join(f"{text} {condition}".rstrip() for text, condition in self.cases)


@dataclass(frozen=True)
class Description:
    """The formulas of a loss, and what the names in them stand for."""

    formulas: tuple[Formula, ...]
    definitions: tuple[str, ...]


def describe(loss: Loss) -> Description:
    """Return value, gradient and diagonal hessian of a loss as readable mathematics.

    Examples
    --------
    >>> import lossfn as lf
    >>> from lossfn.explanation.formulas import describe
    >>> for formula in describe(lf.Quantile(q=0.9)).formulas:
    ...     print(formula.name, "=", formula)
    value = max((1 − q)·r, −q·r)
    gradient = −q where r < 0; 0 where r = 0; 1 − q where r > 0
    hessian = 0
    >>> describe(lf.Quantile(q=0.9)).definitions
    ('r = prediction − target',)
    """
    program = trace(loss)
    nodes = {"value": program.value} | (_derivatives(loss, program) if loss.differentiable else {})
    tidy = Tidy(program.value.tracer, loss.settings())
    branches = Branches(tidy, {n: v for n, v in loss.settings().items() if isinstance(v, float)})
    cases = {name: _cases(branches, node) for name, node in nodes.items()}
    writer = Writer((node.name for node in order([program.value])), loss.settings())
    formulas = (*_formulas(writer, {"value": cases.pop("value")}), *_formulas(writer, cases))
    back, meaning = scores.returned(loss, nodes.keys()) if loss.differentiable else ({}, ())
    returned = (Formula(name, ((text, ""),)) for name, text in back.items())
    return Description((*formulas, *returned), (*writer.definitions, *meaning))


def _formulas(writer: Writer, cases: dict[str, list[Case]]) -> list[Formula]:
    writer.share([node for found in cases.values() for facts, root in found for node in (*facts, root)])
    return [Formula(name, _written(writer, found)) for name, found in cases.items()]


def _derivatives(loss: Loss, program: Program) -> dict[str, Node]:
    if isinstance(loss, (Row, Distribution)):
        letters = {name: scores.LETTERS[name] for name in loss.inputs if name in scores.LETTERS}
        found = {letter: program.slopes(name) for name, letter in letters.items()}
        found |= {letter + "'": program.curvatures(name, name) for name, letter in letters.items()}
        return {name: node for name, node in found.items() if number(node) != 0}
    several = len(loss.predictions) > 1
    first = {f"gradient in {n}" if several else "gradient": program.slopes(n) for n in loss.predictions}
    second = {f"hessian in {n}" if several else "hessian": program.curvatures(n, n) for n in loss.predictions}
    return first | second


def _cases(branches: Branches, node: Node) -> list[Case]:
    found = branches.split(node)
    one = joined([case for _, case in found], branches.settings) if len(found) > 1 else None
    if one is not None:
        return [({}, one)]
    return found if len(found) <= MANY else [({}, branches.tidy.node(node))]


def _written(writer: Writer, cases: Sequence[Case]) -> tuple[tuple[str, str], ...]:
    conditions: dict[str, list[str]] = {}
    for facts, node in cases:
        conditions.setdefault(writer.write(node), []).append(_condition(writer, facts))
    if len(conditions) == 1:
        return ((next(iter(conditions)), ""),)
    ranked = sorted(conditions.items(), key=lambda item: len(item[1]))
    last = "otherwise" if len(ranked[-1][1]) > 1 else f"where {ranked[-1][1][0]}"
    return *((text, f"where {' or '.join(where)}") for text, where in ranked[:-1]), (ranked[-1][0], last)


def _condition(writer: Writer, facts: Facts) -> str:
    return " and ".join(
        _interval(writer, writer.write(subject), known) for subject, known in facts.items() if not known.far
    )


def _interval(writer: Writer, subject: str, known: Range) -> str:
    low, high = ("" if node is None else writer.write(node) for node in (known.low_written, known.high_written))
    above, below = ("<" if opened else "≤" for opened in (known.low_open, known.high_open))
    if low and high:
        return f"{subject} = {low}" if known.low == known.high else f"{low} {above} {subject} {below} {high}"
    return f"{subject} {below} {high}" if high else f"{subject} {'>' if known.low_open else '≥'} {low}"
