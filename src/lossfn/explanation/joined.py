"""Branches that are one formula, written twice because each form keeps its digits on one side only."""

from __future__ import annotations

from collections.abc import Collection, Sequence

import numpy as np

from lossfn.core.graph import Node, evaluate, order
from lossfn.engines.reference import M

POINTS = 32


def joined(branches: Sequence[Node], settings: Collection[str]) -> Node | None:
    """Return the shortest of branches that are the same function, as random points tell; None where they differ."""
    names = sorted({node.name for node in order(branches) if node.verb == "input"})
    rng = np.random.default_rng(0)
    drawn = {n: rng.uniform(0.1, 0.9, POINTS) if n in settings else rng.normal(0.0, 3.0, POINTS) for n in names}
    with np.errstate(all="ignore"):
        first, *others = evaluate(branches, M, drawn)
    same = all(np.allclose(other, first, rtol=1e-9, atol=1e-9) for other in others)
    return min(branches, key=lambda branch: len(order([branch]))) if same else None
