"""Names of the tutorial Simple-Neural-Network: losses with `forward` and `backward`, a trainer with `taskType`."""

from __future__ import annotations

from typing import Any, Literal

from lossfn.core.arrays import Array
from lossfn.core.errors import LossfnError
from lossfn.core.loss import Loss as Standard
from lossfn.losses.classes import CrossEntropy
from lossfn.losses.regression import SquaredError
from lossfn.nn import Optimizer, Sequential
from lossfn.nn import Trainer as OfLibrary


class Loss:
    """`forward` returns the mean and finds the gradient, which `backward` returns.

    In the tutorial `forward` keeps references: arrays changed in place before `backward` change its result there.
    """

    standard: Standard
    _gradient: Array | None = None

    def forward(self, predictions: Any, targets: Any) -> float:
        """Return the mean loss."""
        value, self._gradient = self.standard.value_and_grad(predictions, targets)
        return float(value)

    def backward(self) -> Array:
        """Return the gradient of the last `forward` in its predictions.

        Raises
        ------
        LossfnError
            No `forward` came before.
        """
        if self._gradient is None:
            raise LossfnError(f"{type(self).__name__}.backward: call forward(predictions, targets) first.")
        return self._gradient.copy()


class MSELoss(Loss):
    """Mean over all elements of (prediction - target)²: `lossfn.SquaredError`, the standard definition.

    Shapes must be equal, which the tutorial says and does not check; integers are converted before they are
    squared, where NumPy's small ones wrap around.

    Examples
    --------
    >>> loss = MSELoss()
    >>> loss.forward([1.0, 2.0], [1.0, 4.0]), loss.backward()
    (2.0, array([ 0., -2.]))
    """

    standard = SquaredError()


class CrossEntropyLoss(Loss):
    """Mean cross-entropy of logits (N, C) and class numbers (N,): `lossfn.CrossEntropy`, the standard definition.

    The tutorial clips probabilities at 1e-12: its loss is never above 27.631 and disagrees with its gradient. Here
    nothing is clipped, and there is no `epsilon`. A label of -1 is an error; there it is the last class.

    Examples
    --------
    >>> loss = CrossEntropyLoss()
    >>> loss.forward([[0.0, 50.0]], [0]), loss.backward()
    (50.0, array([[-1.,  1.]]))
    """

    standard = CrossEntropy()


class Trainer(OfLibrary):
    """The trainer of `lossfn.nn` with the tutorial's `taskType` and `batchSize`; a loss of this module or any other.

    The means of an epoch are weighted by the batch sizes, as in the tutorial. Beside a regression's loss the history
    has the squared error itself (train_mse); the tutorial repeats the loss under that name.

    Parameters
    ----------
    model : Sequential
    lossFunction : MSELoss, CrossEntropyLoss or a loss of the library
    optimizer : Optimizer
    taskType : {"classification", "regression"}, default "classification"
    batchSize : int, default 32
    **options
        Those of `lossfn.nn.Trainer`.
    """

    def __init__(
        self,
        model: Sequential,
        lossFunction: Loss | Standard,
        optimizer: Optimizer,
        taskType: Literal["classification", "regression"] = "classification",
        batchSize: int = 32,
        **options: Any,
    ) -> None:
        loss = lossFunction.standard if isinstance(lossFunction, Loss) else lossFunction
        super().__init__(model, loss, optimizer, taskType, batchSize, **options)
