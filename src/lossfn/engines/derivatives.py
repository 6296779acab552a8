"""Derivatives of a formula of any order, for libraries that differentiate what they are given again and again."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from lossfn.core.calls import need_derivatives
from lossfn.core.graph import Node, derive, evaluate
from lossfn.core.loss import Loss
from lossfn.core.program import trace
from lossfn.core.simplify import number
from lossfn.core.vocabulary import Vocabulary


@dataclass(frozen=True)
class Derivative:
    """The derivative of a loss's formula in the inputs `path`, one after the other; the formula for an empty path.

    `names` are those of the arrays it is evaluated on: inputs, then array hyperparameters.
    """

    loss: Loss
    names: tuple[str, ...]
    path: tuple[str, ...] = ()

    def node(self) -> Node:
        """Return its graph: of first and second order the program's own."""
        program, inputs = trace(self.loss), self.path
        if not inputs:
            return program.value
        found = program.slopes(*inputs) if len(inputs) == 1 else program.curvatures(*inputs[:2])
        for name in inputs[2:]:
            found = derive(found, found.tracer.input(name))
        return found

    def along(self, name: str) -> Derivative | None:
        """Return the next derivative, in the input `name`; None where it is 0."""
        if name not in self.loss.inputs:
            return None
        need_derivatives(self.loss, "gradient")
        further = replace(self, path=(*self.path, name))
        return None if number(further.node()) == 0 else further

    def of(self, m: Vocabulary, arrays: tuple[Any, ...]) -> Any:
        """Evaluate with the verbs of a library on its arrays; a number where it does not depend on them."""
        return self._evaluated(self.node(), m, arrays)

    def outside(self, m: Vocabulary, arrays: tuple[Any, ...]) -> Any:
        """Tell where an input lies outside the loss's domain; None for a loss that is defined everywhere."""
        condition = trace(self.loss).outside
        return None if condition is None else self._evaluated(condition, m, arrays)

    def _evaluated(self, node: Node, m: Vocabulary, arrays: tuple[Any, ...]) -> Any:
        plain = {name: float(value) for name, value in self.loss.settings().items() if name not in self.names}
        (found,) = evaluate([node], m, plain | dict(zip(self.names, arrays, strict=True)))
        return found
