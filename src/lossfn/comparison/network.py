"""A bare network with what `compare` asks of an estimator."""

from __future__ import annotations

import copy
from dataclasses import replace
from typing import Any, Self

import numpy as np

from lossfn.core.answers import kind
from lossfn.core.arrays import Array
from lossfn.core.errors import ShapeError, say
from lossfn.core.scores import Scored
from lossfn.explanation.text import call
from lossfn.nn import Adam, Sequential, Trainer
from lossfn.nn.assignment import Assignment, deviation, probabilities

RATE = 0.01


class Network:
    """A copy of a network, whose outputs are the scores of one loss; trained by Adam as a `Trainer` does unasked."""

    def __init__(self, model: Sequential, loss: Any) -> None:
        self.network, self.loss = copy.deepcopy(model), loss

    def fit(self, x: Array, y: Array) -> Self:
        """Train on x of shape (n, ...) and numbers or class numbers y of shape (n,)."""
        classes = 0 if kind(self.loss) == "numbers" else int(y.max()) + 1
        scored = self._scored(classes, self.network.predict(x[:1]).shape[1])
        plain = np.zeros(scored.outputs), np.ones(scored.outputs)
        self.assignment = Assignment(self.loss, scored, *plain, classes)
        Trainer(self.network, self.assignment, Adam(RATE), self.assignment, progress=False).fit(x, y)
        return self

    def predict(self, x: Array, return_std: bool = False) -> Any:
        """Return class numbers, or what the loss estimates; with `return_std` the deviation, too."""
        answer = self.assignment.decide(self.network.predict(x))
        return (answer, deviation(self.loss, self.network.predict(x))) if return_std else answer

    def decision_function(self, x: Array) -> Array:
        """Return the outputs: of the second class, shape (n,), or of each, (n, classes)."""
        output = self.network.predict(x)
        return output[:, 0] if output.shape[1] == 1 else output

    def predict_proba(self, x: Array) -> Array:
        """Return the probabilities of the classes, shape (n, classes)."""
        return probabilities(self.loss, self.decision_function(x))

    def _scored(self, classes: int, outputs: int) -> Scored:
        scored = Scored.of(self.loss, classes)
        if scored.over_classes and classes == outputs == 2:
            return replace(scored, outputs=2)  # one score would do
        if outputs != scored.outputs:
            expected = f"{scored.outputs} outputs under {call(self.loss)}"
            raise ShapeError(say("model", expected=expected, got=f"{outputs} outputs"))
        return scored
