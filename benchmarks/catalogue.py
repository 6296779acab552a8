"""The tables of `speed.py`, and what is in each."""

from __future__ import annotations

import classes
import curvature
import footprint
import pointwise
import startup
from runner import Table

HEAD = """# Speed

One thread on every side, validation on, written by `python benchmarks/speed.py --write`.

`lossfn fresh` and `lossfn recycled` are times. Under the name of a peer stands how many times as long it takes for the
same result; under `copies`, how many copies of the prediction could be made in the time of the recycled call. *Fresh*
means new arrays under the C library's own settings, *recycled* means `out=` for lossfn and a `malloc` that keeps freed
memory for its peers. ✓ and ✗ say whether the bound in brackets is kept; `benchmarks/README.md` says more.
"""
TABLES = {
    "many": Table("Value and gradient, 10000000 elements, float32", pointwise.WORKS, pointwise.many),
    "few": Table("Value and gradient, 1000 elements, float32, the whole call", pointwise.WORKS, pointwise.few),
    "classes": Table("Cross-entropy, value and gradient, float32", classes.WORKS, classes.cross_entropy),
    "hessian": Table("Gradient and hessian per element, float64", curvature.BOUNDS, curvature.grad_and_hess),
    "start": Table("Import and first call", startup.WORKS, startup.cold),
    "memory": Table("Peak memory of value and gradient", footprint.WORKS, footprint.peak),
}
