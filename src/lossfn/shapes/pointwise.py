"""The pointwise shape: the statistics are the inputs themselves, slopes return as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossfn.core.graph import evaluate
from lossfn.core.program import Program


def compute(
    program: Program, m: Any, inputs: Mapping[str, Any], order: int, wrt: tuple[str, ...]
) -> tuple[list[Any], list[Any]]:
    """Return the slopes in each input of `wrt` and, for order 2, the diagonal second derivatives."""
    slopes = [program.slopes(name) for name in wrt] if order > 0 else []
    curvatures = [program.curvatures(name, name) for name in wrt] if order > 1 else []
    results = evaluate([*slopes, *curvatures], m, dict(inputs))
    return results[: len(slopes)], results[len(slopes) :]
