"""What a training writes down."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any


class History(dict[str, list[float]]):
    """Figures of a training by name, one entry per epoch; epochs count from 1.

    The names are train_loss, train_accuracy or train_mse, and with validation data valid_loss and
    valid_accuracy or valid_mse; of several tasks
    the loss of each, too. Training figures are means over the epoch's batches *while* the parameters
    moved; the loss is divided by its own denominator, so unequal batches and weights count right.

    Attributes
    ----------
    seconds : float
        Wall-clock time of the training.

    Examples
    --------
    >>> history = History(train_loss=[3.0, 1.0, 2.0])
    >>> history.epochs, history.best_epoch
    (3, 2)
    """

    seconds: float = 0.0

    @property
    def monitored(self) -> list[float]:
        """The losses that decide which epoch is best: valid_loss if there is one, else train_loss."""
        return self.get("valid_loss") or self.get("train_loss", [])

    @property
    def epochs(self) -> int:
        """Number of epochs run."""
        return len(self.monitored)

    @property
    def best_epoch(self) -> int:
        """First epoch with the smallest monitored loss."""
        return self.monitored.index(min(self.monitored)) + 1

    def append(self, figures: Mapping[str, float]) -> None:
        """Write down one more epoch."""
        for name, figure in figures.items():
            self.setdefault(name, []).append(figure)


@dataclass
class Tally:
    """Sums over batches from which the means of an epoch follow."""

    losses: Any = None
    score: float = 0.0
    count: int = 0

    def add(self, losses: Any, score: float, count: int) -> None:
        """Add one batch: its LossSum, and the sum and number of the terms of its metric."""
        self.losses = losses if self.losses is None else self.losses + losses
        self.score += score
        self.count += count

    def means(self, prefix: str, metric: str) -> dict[str, float]:
        """Return the mean loss and the mean metric under their names."""
        whole = {f"{prefix}loss": float(self.losses.mean()), f"{prefix}{metric}": self.score / max(self.count, 1)}
        return whole | {f"{prefix}{name}": part.mean() for name, part in getattr(self.losses, "terms", ())}
