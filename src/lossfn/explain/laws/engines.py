"""Laws of engines: all of them give what the reference gives, in batches of any size, on any thread."""

from __future__ import annotations

from importlib import import_module

import numpy as np

from lossfn.core import threads
from lossfn.core.dispatch import ENGINES, using
from lossfn.explain.laws.agree import agree
from lossfn.explain.laws.case import Case
from lossfn.explain.laws.draws import draw_wide

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
    before = threads.get_num_threads()
    sums = []
    for number in (1, 2, 3):
        threads.set_num_threads(number)
        sums.append(case.loss(*many.arguments()))
    threads.set_num_threads(before)
    agree(many, "mean on one, two and three threads", np.array(sums), np.array(sums[0]))
    expected = np.array([case.values()[terms].sum() / many.shares.sum()])
    scale = abs(case.values()[terms]).sum() / many.shares.sum()
    agree(many, "mean of a large batch", np.array(sums[:1]), expected, 1e-13 * scale + 1e-300)
