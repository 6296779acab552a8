"""Models trained under `hessian="engine"` against the engines' own objectives: the largest difference of predictions.

Both sides of a row have the same parameters, and begin at the engine's own start value and at ours. Squared error
appears as half of it, which is what the engines mean by it.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from typing import Any, NamedTuple

import numpy as np
from sklearn.datasets import load_breast_cancer, load_diabetes, load_wine

import lossfn as lf
from lossfn import boosting

ROUNDS, FEW = 50, 10  # CatBoost asks row by row over classes
BOUNDS = {"XGBoost": 2e-6, "LightGBM": 1e-14, "CatBoost": 1e-14}


class Case(NamedTuple):
    """An objective on a data set: the loss, and what each engine calls it."""

    title: str
    data: str
    loss: lf.Loss
    xgboost: str
    lightgbm: str
    catboost: str | None


SQUARED = lf.SquaredError(), "reg:squarederror", "regression", "RMSE"
POISSON = lf.Poisson(), "count:poisson", "poisson", "Poisson"
GAMMA = lf.Gamma(), "reg:gamma", "gamma", None  # CatBoost has none
TWEEDIE = lf.Tweedie(power=1.5), "reg:tweedie", "tweedie", "Tweedie:variance_power=1.5"
LOGISTIC = lf.BinaryCrossEntropyWithLogits(), "binary:logistic", "binary", "Logloss"
SOFTMAX = lf.CrossEntropy(), "multi:softprob", "multiclass", "MultiClass"
CASES = [
    Case("squared", "diabetes", *SQUARED),
    Case("squared", "counts", *SQUARED),
    Case("logistic", "breast_cancer", *LOGISTIC),
    Case("Poisson", "diabetes", *POISSON),
    Case("Poisson", "counts", *POISSON),
    Case("Gamma", "diabetes", *GAMMA),
    Case("Gamma", "counts + 1", *GAMMA),
    Case("Tweedie", "diabetes", *TWEEDIE),
    Case("Tweedie", "counts", *TWEEDIE),
    Case("softmax", "wine", *SOFTMAX),
]


class Found(NamedTuple):
    """What a row of the table holds: by engine the largest difference, relative where predictions exceed 1."""

    case: Case
    weighted: bool
    differences: dict[str, float]


@cache
def data(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and labels; counts are 20,000 rows drawn from a Poisson distribution."""
    if name.startswith("counts"):
        rng = np.random.default_rng(0)
        x = rng.normal(size=(20_000, 10))
        y = rng.poisson(np.exp(0.4 * x[:, 0] - 0.3 * x[:, 1] * x[:, 2] + 0.2 * np.sin(3 * x[:, 3])))
        return x, y + 1.0 * name.endswith("1")
    return {"diabetes": load_diabetes, "breast_cancer": load_breast_cancer, "wine": load_wine}[name](return_X_y=True)


def tiled(start: Any, rows: int) -> np.ndarray:
    """Return the start value of each row."""
    return np.tile(start, (rows, 1)) if np.ndim(start) else np.full(rows, start)


def with_xgboost(case: Case, x: np.ndarray, y: np.ndarray, weight: Any, hessian: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what the built-in objective predicts, and what ours does."""
    import xgboost

    table, params = xgboost.DMatrix(x, y, weight=weight), {"nthread": 1, "max_depth": 4}
    params |= {"num_class": 3} if case.title == "softmax" else {}
    objective = boosting.xgboost(case.loss, hessian=hessian)
    built_in = xgboost.train(params | {"objective": case.xgboost}, table, ROUNDS)
    # What XGBoost sets for counts besides the objective, and the layout of classes.
    params |= {"max_delta_step": 0.7} if case.title == "Poisson" else {}
    params |= {"objective": case.xgboost} if case.title == "softmax" else {}
    ours = xgboost.train(params | {"base_score": objective.start(y, weight)}, table, ROUNDS, obj=objective)
    return built_in.predict(table), objective.transform(ours.predict(table, output_margin=True))


def with_lightgbm(case: Case, x: np.ndarray, y: np.ndarray, weight: Any, hessian: str) -> tuple[np.ndarray, np.ndarray]:
    """Return what the built-in objective predicts, and what ours does."""
    import lightgbm

    params = {"verbose": -1, "num_threads": 1, "num_leaves": 15, "force_col_wise": True}
    params |= {"num_class": 3} if case.title == "softmax" else {}
    objective = boosting.lightgbm(case.loss, hessian=hessian)
    start = tiled(objective.start(y, weight), len(y))
    plain, begun = (lightgbm.Dataset(x, y, weight=weight, init_score=score) for score in (None, start))
    built_in = lightgbm.train(params | {"objective": case.lightgbm}, plain, ROUNDS)
    ours = lightgbm.train(params | {"objective": objective}, begun, ROUNDS)
    return built_in.predict(x), objective.transform(ours.predict(x, raw_score=True) + start)


def with_catboost(case: Case, x: np.ndarray, y: np.ndarray, weight: Any, hessian: str) -> tuple[np.ndarray, np.ndarray]:
    """Return the scores of the built-in objective, and ours; one Newton step a leaf, as for every own objective."""
    import catboost

    objective = boosting.catboost(case.loss, hessian=hessian)
    pool = catboost.Pool(x, y, weight=weight, baseline=tiled(objective.start(y, weight), len(y)))
    params = {"iterations": FEW if case.title == "softmax" else ROUNDS, "depth": 4, "learning_rate": 0.1}
    params |= {"thread_count": 1, "verbose": False, "allow_writing_files": False}
    params |= {
        "leaf_estimation_method": "Newton",
        "leaf_estimation_iterations": 1,
        "leaf_estimation_backtracking": "No",
    }
    params |= {"bootstrap_type": "No", "random_strength": 0, "boost_from_average": False}
    params |= {"classes_count": 3} if case.title == "softmax" else {}
    sides = {"loss_function": case.catboost}, {"loss_function": objective, "eval_metric": objective.metric}
    built_in, ours = (catboost.CatBoost(params | side).fit(pool) for side in sides)
    return tuple(model.predict(pool, prediction_type="RawFormulaVal") for model in (built_in, ours))


TRAIN = {"XGBoost": with_xgboost, "LightGBM": with_lightgbm, "CatBoost": with_catboost}


def compare(case: Case, weighted: bool, hessian: str = "engine") -> Found:
    """Train every engine on both sides."""
    x, y = data(case.data)
    weight = np.random.default_rng(1).uniform(0.5, 2.0, len(y)) if weighted else None
    served = [engine for engine in TRAIN if case.catboost or engine != "CatBoost"]
    return Found(case, weighted, {e: largest(*TRAIN[e](case, x, y, weight, hessian)) for e in served})


def largest(theirs: np.ndarray, ours: np.ndarray) -> float:
    """Return the largest difference, relative where predictions exceed 1."""
    return float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), 1.0)).max())


def rows() -> Iterator[Found]:
    """Train everything."""
    return (compare(case, weighted) for case in CASES for weighted in (False, True))


def line(found: Found) -> str:
    """Write a row of the table."""
    cells = [f"{found.differences[e]:.1e}" if e in found.differences else "no such objective" for e in TRAIN]
    return f"| {heading(found.case, found.weighted)} | {' | '.join(cells)} |"


def heading(case: Case, weighted: bool) -> str:
    """Say what was trained."""
    return f"{case.title} | {case.data}{', weighted' * weighted}"


def table() -> str:
    """Return the table."""
    head = f"| objective | data | {' | '.join(f'{e} ≤ {bound:g}' for e, bound in BOUNDS.items())} |"
    return "\n".join([head, "|---|---|---:|---:|---:|", *map(line, rows())])


if __name__ == "__main__":
    print(table())
