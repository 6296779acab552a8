"""What the choice of the curvature is worth: losses after thirty rounds of XGBoost, on rows learnt from and on others.

Every model begins at the best constant. `floor=1` makes a Huber hessian 1 everywhere.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from boosting_parity import data

import lossfn as lf
from lossfn import boosting

ROUNDS = 30
HEAVY = "t₂ noise"
RULES: dict[str, dict[str, Any]] = {
    "exact": {"hessian": "exact"},
    "exact, floor=1": {"hessian": "exact", "floor": 1.0},
    "exact, floor=1e-6": {"hessian": "exact", "floor": 1e-6},
    "fisher": {"hessian": "fisher"},
    "engine": {"hessian": "engine"},
    "majorizer": {"hessian": "majorizer"},
}


class Choice(NamedTuple):
    """A loss, its data, the rules that can be had, and the objective of XGBoost for the same loss."""

    loss: lf.Loss
    data: str
    rules: tuple[str, ...]
    built_in: dict[str, Any] | None


CHOICES = [
    Choice(lf.Huber(delta=1.0), HEAVY, ("exact", "exact, floor=1", "majorizer"), None),
    Choice(
        lf.Quantile(q=0.9), HEAVY, ("engine", "majorizer"), {"objective": "reg:quantileerror", "quantile_alpha": 0.9}
    ),
    Choice(lf.AbsoluteError(), HEAVY, ("engine", "majorizer"), {"objective": "reg:absoluteerror"}),
    Choice(lf.BinaryFocal(gamma=2.0), "breast_cancer", ("exact, floor=1e-6", "majorizer"), None),
    Choice(lf.Poisson(), "counts", ("engine", "exact"), {"objective": "count:poisson"}),
    Choice(lf.Gamma(), "counts + 1", ("fisher", "exact"), {"objective": "reg:gamma"}),
]


def rows(name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return columns and labels."""
    if name != HEAVY:
        return data(name)
    rng = np.random.default_rng(0)
    x = rng.uniform(-2, 2, (4000, 4))
    return x, 3 * np.sin(2 * x[:, 0]) + x[:, 1] ** 2 + rng.standard_t(2, 4000)


def losses(choice: Choice, rule: str) -> tuple[float, float]:
    """Return the mean loss on the rows learnt from and on the others; with the rule "built-in" of XGBoost's own."""
    import xgboost

    x, y = rows(choice.data)
    learn = np.random.default_rng(1).permutation(len(y)) < len(y) // 2
    tables = [xgboost.DMatrix(x[part], y[part]) for part in (learn, ~learn)]
    objective = boosting.xgboost(choice.loss, **RULES.get(rule, {}))
    params = {"max_depth": 4, "nthread": 1}
    if rule == "built-in":
        model = xgboost.train(params | choice.built_in, tables[0], ROUNDS)
    else:
        start = {"base_score": objective.start(y[learn])}
        model = xgboost.train(params | start, tables[0], ROUNDS, obj=objective)
    scores = [np.float64(model.predict(table, output_margin=True)) for table in tables]
    return tuple(float(choice.loss(s, y[part])) for s, part in zip(scores, (learn, ~learn), strict=True))


def lines() -> list[str]:
    """Train everything; a row for each choice, the default marked."""
    found = []
    for choice in CHOICES:
        default = boosting.xgboost(choice.loss)
        for rule in (*choice.rules, *(["built-in"] if choice.built_in else [])):
            usual = rule in RULES and boosting.xgboost(choice.loss, **RULES[rule]).raw == default.raw
            learnt, other = losses(choice, rule)
            found.append(
                f"| {choice.loss} | {choice.data} | {rule}{' (default)' * usual} | {learnt:.4f} | {other:.4f} |"
            )
    return found


def table() -> str:
    """Return the table."""
    return "\n".join(["| loss | data | curvature | learnt from | others |", "|---|---|---|---:|---:|", *lines()])


if __name__ == "__main__":
    print(table())
