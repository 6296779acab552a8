"""The pointwise shape: the statistics are the inputs themselves, slopes return as they are."""

from __future__ import annotations

from collections.abc import Sequence

from lossfn.core.graph import Node
from lossfn.core.program import Program


def roots(program: Program, wrt: Sequence[str], pairs: Sequence[tuple[str, str]]) -> list[Node]:
    """Return the value, the slopes in each input of `wrt` and the second derivatives by `pairs` of inputs."""
    return [program.value, *map(program.slopes, wrt), *(program.curvatures(*pair) for pair in pairs)]
