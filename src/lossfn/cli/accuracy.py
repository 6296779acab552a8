"""The accuracy table: a line for each loss, dtype and library."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby

import lossfn as lf
from lossfn.cli.faults import InputError
from lossfn.explanation.accuracy import Accuracy, accuracies

PREFACE = """# Accuracy

Made by `lossfn bench --accuracy > docs/accuracy.md`, which repeats every measurement.

Every loss under its default options is tried at ordinary points and where formulas break: saturated on both
sides, nearly equal, far off zero, next to kinks and zeros, tiny and huge. The truth is the formula at 200
digits or more on the numbers as the dtype holds them (`tools/truths.py`). An error is counted in units in the
last place (ULP) of the truth, or of the largest term where terms cancel. Each cell: the largest error · the
share of results within 1 ULP · failures, which are NaN, infinity, 0 or a wrong sign where the truth is an
ordinary number. `native` is the compiled engine, `reference` the one in NumPy; other libraries are measured
by the same code where they define the same loss (Keras on its PyTorch backend). A maximum over a few dozen
points is a lower bound.

lossfn promises, for every loss and option (`tests/accuracy`): float32, bfloat16 and float16 within 1 ULP;
float64 values within 2 ULP and gradients within 4 (powers, as in focal losses, within 8); no failures.

Bits: a result does not depend on the number of threads, the layout or alignment of the arrays, or the rest of
the batch. A sum or mean with `exact=True` does not depend on the order either, nor on how a batch was split
and merged. Processors differ: kernels for x86-64 with and without AVX2 and FMA, and with AVX-512 where the
processor has it, agree within the promise, which is tested; elsewhere code for AVX-512 is tested to compile.
`LOSSFN_CPU=x86-64` compiles for the least of them.
"""
HEAD = "| loss | dtype | by | value | gradient | hessian |\n|---|---|---|---|---|---|"


def measured(part: str) -> list[Accuracy]:
    """Measure every loss whose name contains `part`."""
    wanted = part.lower().replace("_", "")
    names = [name for name in lf.list_losses() if wanted in name.replace("_", "")]
    if not names:
        raise InputError(f"--loss: no loss has {part!r} in its name. Try: lossfn list")
    return [one for name in names for one in accuracies(name, lf.get(name))]


def written(found: Sequence[Accuracy]) -> str:
    """Write the document in Markdown: largest error, share within one unit, failures."""
    lines = [PREFACE, HEAD]
    for (loss, dtype, by), group in groupby(found, lambda one: one[:3]):
        cells = [_cell(one) for one in group]
        lines.append(f"| {loss} | {dtype} | {by} | {' | '.join([*cells, '', ''][:3])} |")
    return "\n".join(lines)


def _cell(one: Accuracy) -> str:
    ulps = f"{one.ulps:.2f}" if one.ulps < 1000 else f"{one.ulps:.1e}"
    return f"{ulps} · {one.within:.0%}" + (f" · **{one.failures}**" if one.failures else "")
