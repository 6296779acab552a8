"""Laws of engines: all of them give what the reference gives, in batches of any size, on any thread."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from lossfn.core import threads
from lossfn.core.dispatch import ENGINES, using
from lossfn.explanation.laws.agree import agree, total
from lossfn.explanation.laws.case import Case
from lossfn.explanation.laws.draws import draw_wide

# Terms of a large batch: whole blocks of any engine, whole vectors and a few terms more.
MANY = 149
LARGE = (1 << 17) + 37


def engines(case: Case) -> None:
    """Every engine gives what the reference gives, in float64."""
    _compare(case)


def wide(case: Case) -> None:
    """Every engine gives what the reference gives for rows of many classes too, an odd number of them."""
    if case.over_classes and not hasattr(case.loss, "terms"):
        _compare(draw_wide(case.loss, MANY))


def _compare(case: Case) -> None:
    with using("reference"):
        truth = case.everything()
    for name in available():
        with using(name):
            found = case.everything()
        for what, got in found.items():
            size = np.where(np.isfinite(truth[what]), abs(truth[what]), 0.0)
            tolerance = 1e-13 * size + 1e-15 * size.max(initial=0.0)
            agree(case, f"{what} of the engine {name!r}", got, truth[what], tolerance)


def available() -> list[str]:
    """Return the names of the engines that can run here."""
    names = []
    for name, module in ENGINES.items():
        try:
            if hasattr(import_module(module), "run"):
                names.append(name)
        except ImportError:
            continue
    return names


def large(case: Case) -> None:
    """A term of a large batch has the bits it has in a small one; a sum has the same bits on any number of threads."""
    size = LARGE // (len(case.points) if case.over_classes else case.columns)
    rows = np.random.default_rng(4).integers(0, case.rows, size)
    many, terms = case.take(rows), case.within(rows)
    agree(many, "value in a large batch", many.values(), case.values()[terms])
    if case.loss.differentiable:
        agree(many, "gradient in a large batch", many.slopes(), case.slopes()[..., terms])
    sums = np.array([_mean_on(number, many) for number in (1, 2, 3)])
    agree(many, "mean on one, two and three threads", sums, sums[:1])
    total(many, "mean of a large batch", sums[0], case.values()[terms] / many.shares.sum())


def _mean_on(number: int, case: Case) -> float:
    """Return the mean as a number of threads computes it."""
    before = threads.get_num_threads()
    threads.set_num_threads(number)
    try:
        return float(case.loss(*case.arguments()))
    finally:
        threads.set_num_threads(before)
