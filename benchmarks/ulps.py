"""Print how accurate every loss is: largest error in ULPs of value, gradient and hessian, by format and engine.

Run: PYTHONPATH=tests python benchmarks/ulps.py [part of a loss's name]
"""

from __future__ import annotations

import sys

from accuracy.formats import FORMATS
from accuracy.inputs import points
from accuracy.test_over_classes import cases, sizes
from accuracy.test_pointwise import errors, measured
from accuracy.variants import variants
from lossfn.core.dispatch import using
from lossfn.core.kinds import Distribution, Pointwise, Row

ENGINES = ("native", "reference")


def worst(loss, form):
    """Return the largest error by engine and by what: value 0, gradient 1, hessian 2."""
    found: dict[tuple[str, int], float] = {}
    for engine, what, ulps in every(loss, form):
        found[engine, what] = max(found.get((engine, what), 0.0), ulps)
    return found


def every(loss, form):
    """Yield engine, what and error at every point."""
    if not isinstance(loss, Pointwise):
        for classes in sizes(loss, form):
            yield from ((case[0], case[1], case[2]) for case in cases(loss, form, classes))
        return
    columns = points(loss, form)
    for engine in ENGINES:
        with using(engine):
            results = measured(loss, columns)
        yield from ((engine, case[0], case[1]) for case in errors(loss, form, columns, results))


def main(part: str) -> None:
    """Print one line per loss and format."""
    print("| loss | format | native value / gradient / hessian | reference |\n|---|---|---|---|")
    for loss in [*variants(Pointwise), *variants(Row), *variants(Distribution)]:
        for name, form in FORMATS.items() if part.lower() in repr(loss).lower() else ():
            found = worst(loss, form)
            cells = [" / ".join(f"{found[e, w]:.2f}" for w in range(3) if (e, w) in found) for e in ENGINES]
            print(f"| `{loss!r}` | {name} | {cells[0]} | {cells[1]} |", flush=True)


if __name__ == "__main__":
    main(sys.argv[1] if len(sys.argv) > 1 else "")
