"""The same model under several losses: one table and one picture."""

from __future__ import annotations

import copy
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from lossfn.comparison.measures import cost
from lossfn.comparison.network import Network
from lossfn.comparison.page import page
from lossfn.comparison.tables import cells
from lossfn.core.answers import kind
from lossfn.core.arrays import Array
from lossfn.core.errors import OptionError, say
from lossfn.core.loss import Loss
from lossfn.explanation.style import write_whole
from lossfn.explanation.tables import aligned
from lossfn.explanation.text import call
from lossfn.losses.regression import AbsoluteError, SquaredError
from lossfn.nn import Dataset, Sequential, from_arrays


@dataclass(frozen=True)
class Comparison:
    """The same model trained under several losses. Its text is a table.

    Attributes
    ----------
    losses : tuple of Loss
        Those trained under.
    measures : tuple of str
        What the test part is measured by: those losses, then squared and absolute error, or the error rate.
    values : array of shape (losses, measures)
        Means over the test part; NaN where a model's answers mean nothing to a loss.
    seconds : tuple of float
        What each training took.
    models : tuple
        The fitted models.
    data : Dataset
    """

    losses: tuple[Loss, ...]
    measures: tuple[str, ...]
    values: Array
    seconds: tuple[float, ...]
    models: tuple[Any, ...]
    data: Dataset

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write a report with pictures: one HTML file that needs nothing else. Needs matplotlib."""
        write_whole(Path(path), page(self).encode("utf-8"))

    def __str__(self) -> str:
        """Write one line a training, the best figure of each column with a star."""
        return aligned(cells(self))


def compare(losses: Sequence[Loss], model: Any, data: Dataset | tuple[Any, Any]) -> Comparison:
    """Train the same model under each of several losses, and measure each by all of them on rows held out.

    Parameters
    ----------
    losses : sequence of Loss
        Of numbers, or of classes.
    model : estimator, Sequential, or function of a loss
        An unfitted estimator with a parameter `loss`, such as those of `lossfn.sklearn`: a copy is fitted under each
        loss, with the same random state. Or a network of `lossfn.nn`: a copy learns each loss from the same weights
        and rows in the same order, as a `Trainer` with Adam(0.01) does unasked; its outputs are predictions or logits,
        led into its domain where a loss has one. Or a function that makes an estimator from a loss.
    data : Dataset or (x, y)
        A data set of `lossfn.nn`, already split; or arrays, of which a fifth is held out.

    Returns
    -------
    Comparison

    Raises
    ------
    OptionError
        No losses, losses of numbers beside losses of classes, or a model that takes no loss.
    ShapeError
        A network with another number of outputs than a loss takes.

    Examples
    --------
    >>> import numpy as np
    >>> import lossfn as lf
    >>> from lossfn.sklearn import LossRegressor
    >>> generator = np.random.default_rng(0)
    >>> x = generator.normal(size=(200, 2))
    >>> y = x @ [1.0, 2.0] + generator.standard_cauchy(200)
    >>> found = lf.compare([lf.SquaredError(), lf.AbsoluteError()], LossRegressor(), (x, y))
    >>> bool(found.values[1, 1] < found.values[0, 1])
    True
    """
    whats = {kind(loss) == "numbers" for loss in losses}
    if len(whats) != 1:
        got = " and ".join(call(loss) for loss in losses) or "none"
        raise OptionError(say("losses", expected="losses of numbers, or losses of classes", got=got))
    numbers = whats.pop()
    rows = data if isinstance(data, Dataset) else from_arrays(*data, "regression" if numbers else "classification")
    fitted = [_fitted(model, loss, rows) for loss in losses]
    measured = _measures(losses, numbers)
    x, y = rows.x_test, rows.y_test
    table = [
        [cost(one, each, loss, x, y) for one in measured] + ([] if numbers else [float(np.mean(each.predict(x) != y))])
        for loss, (each, _) in zip(losses, fitted, strict=True)
    ]
    names = (*map(call, measured), *(() if numbers else ("error rate",)))
    models, seconds = zip(*fitted, strict=True)
    return Comparison(tuple(losses), names, np.array(table), seconds, models, rows)


def _measures(losses: Sequence[Loss], numbers: bool) -> list[Loss]:
    plain = [SquaredError(), AbsoluteError()] if numbers else []
    return list(dict.fromkeys([*losses, *plain]))


def _fitted(model: Any, loss: Loss, data: Dataset) -> tuple[Any, float]:
    started = time.perf_counter()
    made = _made(model, loss).fit(data.x_train, data.y_train)
    return made, time.perf_counter() - started


def _made(model: Any, loss: Loss) -> Any:
    if isinstance(model, Sequential):
        return Network(model, loss)
    if callable(model):
        return model(loss)
    if hasattr(model, "set_params"):
        return copy.deepcopy(model).set_params(loss=loss)
    fix = "lossfn.sklearn.LossRegressor()"
    raise OptionError(
        say("model", expected="an estimator, a Sequential, or a function of a loss", got=repr(model), fix=fix)
    )
