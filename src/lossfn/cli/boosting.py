"""A training of boosted trees by XGBoost, LightGBM or CatBoost, under any pointwise or row loss."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np

from lossfn import boosting
from lossfn.cli.faults import InputError
from lossfn.cli.roles import Role
from lossfn.core.arrays import Array
from lossfn.nn import Dataset, History

Half = tuple[Array, Array]
Grown = tuple[list[float], list[float], Any]  # train and valid loss of each round, and how scores are predicted


def grow(part: Role, data: Dataset, halves: tuple[Half, Half], options: dict[str, Any]) -> tuple[str, History, Array]:
    """Return a line on the model, its history, and its scores of the test rows after the best round."""
    name, started = options["model"], time.perf_counter()
    objective = getattr(boosting, name)(part.loss)
    learn, watch = ((x, part.scored.truth(part.target(y, np.float64))) for x, y in halves)
    start = np.asarray(objective.start(learn[1]))
    library = _library(name)
    try:
        learnt, seen, scores_of = TRAIN[name](library, objective, start, learn, watch, options)
    except FAULTS[name](library) as wrong:
        raise InputError(f"{name} does not train on {data.name}: {_told(str(wrong))}") from None
    history = History(train_loss=learnt, valid_loss=seen)
    history.seconds = time.perf_counter() - started
    scores = scores_of(data.x_test, history.best_epoch).reshape(len(data.x_test), -1)
    outputs = scores.shape[1]
    # Two classes have one score in a report: how far the second is ahead.
    scores = np.diff(scores) if part.scored.outputs == 1 < outputs else scores
    return f"{name}, {history.best_epoch} rounds of {outputs} tree{'s' * (outputs > 1)}", history, scores


def _told(words: str) -> str:
    # Of a trace the line that says what is wrong: CatBoost's ends with it, XGBoost's begins with it.
    lines = [line.strip() for line in words.splitlines() if line.strip()]
    return lines[-1 if "Traceback" in words else 0]


def _library(name: str) -> Any:
    try:
        return import_module(name)
    except ImportError as missing:
        raise ImportError(f"--model {name} needs {name}. Try: pip install 'lossfn[boosting]'") from missing


def _begun(start: Array, rows: int) -> Array:
    return np.tile(start, (rows, 1)) if start.ndim else np.full(rows, float(start))


def _xgboost(library: Any, objective: Any, start: Array, learn: Half, watch: Half, options: dict[str, Any]) -> Grown:
    params = {"base_score": start.tolist(), "learning_rate": options["learning_rate"], "seed": options["seed"]}
    params |= {"disable_default_eval_metric": 1}
    params |= {"num_class": len(start), "objective": "multi:softprob"} if start.ndim else {}
    tables = [library.DMatrix(*half) for half in (learn, watch)]
    log: dict[str, Any] = {}
    told = {"custom_metric": objective.metric, "evals": [*zip(tables, ("train", "valid"), strict=True)]}
    told |= {"evals_result": log, "early_stopping_rounds": options["patience"], "verbose_eval": False}
    model = library.train(params, tables[0], options["epochs"], obj=objective, **told)
    learnt, seen = (next(iter(log[half].values())) for half in ("train", "valid"))

    def scores_of(x: Array, rounds: int) -> Array:
        return np.asarray(
            model.predict(library.DMatrix(x), output_margin=True, iteration_range=(0, rounds)), np.float64
        )

    return learnt, seen, scores_of


def _lightgbm(library: Any, objective: Any, start: Array, learn: Half, watch: Half, options: dict[str, Any]) -> Grown:
    params = {"objective": objective, "learning_rate": options["learning_rate"], "seed": options["seed"]}
    params |= {"metric": "None", "verbose": -1} | ({"num_class": len(start)} if start.ndim else {})
    table = library.Dataset(*learn, init_score=_begun(start, len(learn[1])))
    other = library.Dataset(*watch, init_score=_begun(start, len(watch[1])), reference=table)
    log: dict[str, Any] = {}
    callbacks = [library.record_evaluation(log), library.early_stopping(options["patience"], verbose=False)]
    told = {"valid_sets": [table, other], "valid_names": ["train", "valid"], "feval": objective.metric}
    model = library.train(params, table, options["epochs"], callbacks=callbacks, **told)
    learnt, seen = (next(iter(log[half].values())) for half in ("train", "valid"))

    def scores_of(x: Array, rounds: int) -> Array:
        return np.asarray(model.predict(x, raw_score=True, num_iteration=rounds)) + start

    return learnt, seen, scores_of


def _catboost(library: Any, objective: Any, start: Array, learn: Half, watch: Half, options: dict[str, Any]) -> Grown:
    params = {"loss_function": objective, "eval_metric": objective.metric, "iterations": options["epochs"]}
    params |= {"learning_rate": options["learning_rate"], "random_seed": options["seed"], "verbose": False}
    params |= {"allow_writing_files": False} | ({"classes_count": len(start)} if start.ndim else {})
    table, other = (library.Pool(x, y, baseline=_begun(start, len(y))) for x, y in (learn, watch))
    model = library.CatBoost(params)
    model.fit(table, eval_set=other, early_stopping_rounds=options["patience"], use_best_model=False)
    log = model.get_evals_result()
    learnt, seen = (next(iter(log[half].values())) for half in ("learn", "validation"))

    def scores_of(x: Array, rounds: int) -> Array:
        return np.asarray(model.predict(x, prediction_type="RawFormulaVal", ntree_end=rounds)) + start

    return learnt, seen, scores_of


FAULTS = {
    "xgboost": lambda library: library.core.XGBoostError,
    "lightgbm": lambda library: library.basic.LightGBMError,
    "catboost": lambda library: library.CatBoostError,
}
TRAIN = {"xgboost": _xgboost, "lightgbm": _lightgbm, "catboost": _catboost}
