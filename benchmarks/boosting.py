"""Print docs/boosting.md: how objectives compare with the engines' own.

python benchmarks/boosting.py > docs/boosting.md
"""

from __future__ import annotations

import one_thread  # noqa: F401  it has to be the first
from boosting_parity import FEW, ROUNDS, table
from facts import facts

HEAD = """# Boosting

Made by `python benchmarks/boosting.py > docs/boosting.md`, which repeats every training."""
PARITY = f"""## The same models

Models of {ROUNDS} trees ({FEW} for CatBoost over classes) trained with `hessian="engine"` and with the built-in
objective of the same name. A cell is the largest difference between two predictions for the same row, relative
where they exceed 1. XGBoost computes in float32, the others in float64."""


def page() -> str:
    """Train and measure everything."""
    known = facts(["lossfn", "numpy", "xgboost-cpu", "lightgbm", "catboost"])
    return "\n\n".join([HEAD, "\n".join(f"- {name}: {x}" for name, x in known.items()), PARITY, table()])


if __name__ == "__main__":
    print(page())
