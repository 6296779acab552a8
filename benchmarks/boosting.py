"""Print docs/boosting.md: how objectives compare with the engines' own.

python benchmarks/boosting.py > docs/boosting.md
"""

from __future__ import annotations

import boosting_curvatures
import one_thread  # noqa: F401  it has to be the first
from boosting_parity import FEW, ROUNDS, table
from boosting_speed import tables
from facts import facts

HEAD = """# Boosting

Made by `python benchmarks/boosting.py > docs/boosting.md`, which repeats every training."""
PARITY = f"""## The same models

Models of {ROUNDS} trees ({FEW} for CatBoost over classes) trained with `hessian="engine"` and with the built-in
objective of the same name. A cell is the largest difference between two predictions for the same row, relative
where they exceed 1. XGBoost computes in float32, the others in float64."""
CURVATURES = f"""## What the curvature is worth

The mean loss of XGBoost after {boosting_curvatures.ROUNDS} rounds from the best constant, on the rows learnt from and
on as many others. "built-in" is XGBoost's own objective; it fits quantiles to each leaf, which no objective can."""
SPEED = """## What it costs

Beside it NumPy's plain expression and two passes of torch's autograd: how many times as long they take. "Copying" is
the time to copy scores and labels to where gradient and curvature go, less than which nothing takes that reads the
one and writes the other. One thread; figures are processor times. ✓ and ✗ say whether the aim in brackets is met.
"The rest" is what a call takes besides its kernel."""

EXAMPLES = """## From a formula to a fitted model

![Costs of models fitted to the squared error and to the cost](images/asymmetric_cost.png)

`examples/asymmetric_cost.py`: an error that is twice as dear on one side, in three kinds of model.

![The probability a score of the focal loss stands for](images/rare_positives.png)

`examples/rare_positives.py`: one positive in a hundred; the slopes of a focal loss make probabilities of its scores.

![Intervals of unseen rows and the share of rows below each quantile](images/quantile_intervals.png)

`examples/quantile_intervals.py`: seven quantiles that do not cross, and what their intervals cover.
"""


def page() -> str:
    """Train and measure everything."""
    known = facts(["lossfn", "numpy", "xgboost-cpu", "lightgbm", "catboost", "torch"])
    told = "\n".join(f"- {name}: {x}" for name, x in known.items())
    sections = [PARITY, table(), CURVATURES, boosting_curvatures.table(), SPEED, tables(), EXAMPLES]
    return "\n\n".join([HEAD, told, *sections])


if __name__ == "__main__":
    print(page())
