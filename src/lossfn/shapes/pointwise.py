"""The pointwise shape: the statistics are the inputs themselves, slopes return as they are."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from lossfn.core.graph import evaluate
from lossfn.core.program import Program


def compute(
    program: Program, m: Any, inputs: Mapping[str, Any], wrt: tuple[str, ...], pairs: tuple[tuple[str, str], ...]
) -> tuple[list[Any], list[Any]]:
    """Return the slopes in each input of `wrt` and the second derivatives by `pairs` of inputs."""
    slopes = [program.slopes(name) for name in wrt]
    curvatures = [program.curvatures(*pair) for pair in pairs]
    results = evaluate([*slopes, *curvatures], m, dict(inputs))
    return results[: len(slopes)], results[len(slopes) :]
