"""Write src/lossfn/explanation/accuracy/truths.npz: points where every loss is tried, and the truth there.

Run: PYTHONPATH=tests python tools/truths.py [NAME ...]; with names, the other losses keep what they have.

A truth is the formula and its differences at 200 digits or more, kept as a sum of two float64 numbers; beside it stands
the largest term of a result that cancels. Points on a kink, where any of several slopes is right, are left out.
"""

from __future__ import annotations

import sys
from pathlib import Path

import mpmath as mp
import numpy as np

import lossfn as lf
from accuracy import inputs, row_truths, terms, test_over_classes, truths
from lossfn.core.kinds import Pointwise, Row
from lossfn.explanation.accuracy.formats import FORMATS

PLACE = Path(__file__).parents[1] / "src/lossfn/explanation/accuracy/truths.npz"
CLASSES = 4


def elements(loss, form):
    """Yield prediction and target, truths as intervals, and largest terms, of a pointwise loss."""
    for row in zip(*(c.astype(np.float64).tolist() for c in inputs.points(loss, form)), strict=True):
        found = truths.pointwise(loss, row, form.name == "float64")
        groups = found if loss.differentiable else found[:1]
        with mp.workdps(40):
            largest = terms.largest(loss, row)[: len(groups)]
        yield row, [t for group in groups for t in group], [t for group in largest for t in group]


def rows(loss, form):
    """Yield the same of a loss over classes: scores and target, value and slopes."""
    rng, columns = np.random.default_rng(CLASSES), tuple(range(CLASSES))
    scores = test_over_classes.score_rows(form, CLASSES, rng)
    scores = scores[np.isfinite(scores).all(axis=1)]
    scores = test_over_classes.log_probs(scores, form) if loss.takes == "log_probs" else scores
    target = test_over_classes.targets(loss, form, scores, rng)
    for row, aim in zip(scores, target, strict=True):
        one = int(aim) if isinstance(loss, Row) else tuple(aim.tolist())
        value, slopes = row_truths.over_classes(loss, tuple(row.tolist()), one, columns, form.name == "float64")
        largest = test_over_classes.largest(loss, row, aim, columns)
        yield (*row, *np.atleast_1d(aim)), [value, *slopes], [largest[0], *largest[1]]


def parted(truth):
    """Write a number as the sum of two, or as NaN where it is an interval."""
    with mp.workdps(60):
        low, high = truth
        if mp.isnan(low) or not mp.isfinite(low) or abs(high - low) > mp.mpf(10) ** -25 * abs(low):
            return np.nan, 0.0
        near = float(low)
        return near, float(low - near) if np.isfinite(near) else 0.0


def table(loss, form):
    """Return points, and truths as (near, rest, largest term)."""
    found = list((elements if isinstance(loss, Pointwise) else rows)(loss, form))
    known = [[(*parted(t), float(term)) for t, term in zip(ts, sizes, strict=True)] for _, ts, sizes in found]
    return np.array([point for point, _, _ in found], np.float64), np.array(known)


def main():
    """Write the file."""
    arrays = dict(np.load(PLACE)) if sys.argv[1:] else {}
    for name in sys.argv[1:] or lf.list_losses():
        for form in FORMATS.values():
            points, known = table(lf.get(name), form)
            arrays |= {f"{name}.{form.name}.points": points, f"{name}.{form.name}.truths": known}
        print(name, flush=True)
    PLACE.parent.mkdir(exist_ok=True)
    np.savez_compressed(PLACE, **arrays)


if __name__ == "__main__":
    main()
