"""A training of boosted trees: scikit-learn's, under any loss of one prediction or of classes."""

from __future__ import annotations

import time
from typing import Any

from lossfn.cli.faults import InputError
from lossfn.cli.roles import Role
from lossfn.core.arrays import Array
from lossfn.core.errors import LossfnError
from lossfn.nn import Dataset, History
from lossfn.sklearn.hist import booster, raw_scores


def grow(part: Role, data: Dataset, options: dict[str, Any]) -> tuple[str, History, Array]:
    """Return a line on the model, its history, and its scores of the test rows after the best round."""
    started, y = time.perf_counter(), part.target(data.y_train, float)
    try:
        model = booster(part.loss, early_stopping=True, **options).fit(data.x_train, y)
    except LossfnError:
        raise
    except ValueError as wrong:
        raise InputError(f"hist does not train on {data.name}: {wrong}") from None
    # The first score is that of the best constant.
    history = History(train_loss=[*-model.train_score_[1:]], valid_loss=[*-model.validation_score_[1:]])
    history.seconds = time.perf_counter() - started
    scores = raw_scores(model, data.x_test, history.best_epoch)
    trees = f"{history.best_epoch} rounds of {part.scored.outputs} tree{'s' * (part.scored.outputs > 1)}"
    return f"hist, {trees} with {model.max_leaf_nodes} leaves at most", history, scores
