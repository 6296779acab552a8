"""What the network estimators share: parameters, the training, the scores."""

from __future__ import annotations

from dataclasses import dataclass
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, validate_data

from lossfn.core.arrays import Array
from lossfn.core.loss import Loss
from lossfn.nn import GELU, Adam, History, Layer, Linear, ReLU, Sequential, State, Tanh, Trainer, split_rows
from lossfn.nn.assignment import Assignment
from lossfn.sklearn.data import Columns, Seen
from lossfn.sklearn.start import best_constant, typical_step

ACTIVATIONS: dict[str, type[Layer]] = {"gelu": GELU, "relu": ReLU, "tanh": Tanh}
START = 0.1  # of the usual last weights: a network begins near the best constant


@dataclass(frozen=True, eq=False)
class PenalisedAdam(Adam):
    """Adam on the mean loss + Σ stiffness_i θ_i² / 2."""

    stiffness: Any = 0.0

    def step(self, parameters: Array, gradient: Array, state: State, scale: float = 1.0) -> None:
        """Move `parameters` one step downhill."""
        super().step(parameters, gradient + self.stiffness * parameters, state, scale)


class Network(BaseEstimator):
    """Scores that are the output of a small network, fitted under a mean loss."""

    _taken: ClassVar[dict[str, Any]] = {"dtype": [np.float64, np.float32]}
    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "loss": [str, Loss],
        "hidden_layer_sizes": ["array-like"],
        "activation": [StrOptions(set(ACTIVATIONS))],
        "alpha": [Interval(Real, 0, None, closed="left")],
        "batch_size": [Interval(Integral, 1, None, closed="left")],
        "learning_rate_init": [Interval(Real, 0, None, closed="neither")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "early_stopping": ["boolean"],
        "validation_fraction": [Interval(Real, 0, 1, closed="neither")],
        "n_iter_no_change": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
    }

    def _fit(self, x: Array, y: Array, weight: Array | None, loss: Loss, classes: int = 0) -> Any:
        seen, columns = Seen.of(loss, y, weight, classes), Columns.of(x, weight, True, 0.0)
        self._shift, self._scale = columns.shift, columns.scale
        start = best_constant(seen)
        self._assignment = Assignment(loss, seen.scored, start, typical_step(seen, start), classes)
        seed = int(check_random_state(self.random_state).randint(np.iinfo(np.int32).max))
        self.network_ = self._built(x.shape[1], seen.outputs, seed, x.dtype)
        self.history_ = self._trained(columns.x.astype(x.dtype), y, weight, seed)
        self.n_iter_, self.loss_curve_ = self.history_.epochs, self.history_["train_loss"]
        return self

    def _built(self, inputs: int, outputs: int, seed: int, dtype: Any) -> Sequential:
        layers: list[Layer] = []
        for width in self.hidden_layer_sizes:
            layers += [Linear(inputs, width, init="he"), ACTIVATIONS[self.activation]()]
            inputs = width
        last = Linear(inputs, outputs)
        network = Sequential([*layers, last], seed, dtype)
        last.weight *= START
        return network

    def _trained(self, x: Array, y: Array, weight: Array | None, seed: int) -> History:
        what = self._assignment
        adam = PenalisedAdam(self.learning_rate_init, stiffness=self._stiffness())
        patience = self.n_iter_no_change if self.early_stopping else None
        trainer = Trainer(
            self.network_, what, adam, what, self.batch_size, self.max_iter, seed, patience=patience, progress=False
        )
        if not self.early_stopping:
            return trainer.fit(x, y, sample_weight=weight)
        learn, watch = split_rows(len(x), self.validation_fraction, seed, y if what.classes else None)
        w = np.ones(len(x)) if weight is None else weight
        return trainer.fit(x[learn], y[learn], (x[watch], y[watch], w[watch]), w[learn])

    def _stiffness(self) -> Array:
        parts = [layer for layer in self.network_.layers.values() if isinstance(layer, Linear)]
        each = [np.repeat([self.alpha, 0.0], [part.weight.size, part.bias.size]) for part in parts]
        return np.concatenate(each).astype(self.network_.dtype)

    def _scores(self, x: Any) -> Array:
        check_is_fitted(self)
        x = validate_data(self, x, reset=False, **self._taken)
        standard = ((x - self._shift) / self._scale).astype(self.network_.dtype)
        return self._assignment.placed(self.network_.predict(standard))
