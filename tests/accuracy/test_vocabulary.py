"""Rows of 131,072 classes, as language models have them: logits of few sizes, so that the truth is soon told."""

import mpmath as mp
import numpy as np
import pytest

import lossfn as lf
from accuracy.exact import bound
from accuracy.inputs import rounded
from accuracy.row_truths import formula
from accuracy.ulps import error
from lossfn.core.dispatch import using
from lossfn.explanation.accuracy.formats import FORMATS

CLASSES, SIZES = 1 << 17, 300
LOSSES = [lf.CrossEntropy(), lf.Focal(gamma=2.75)]
# The pool of logits, from normal numbers.
ROWS = {
    "plain": lambda x: 3 * x,
    "confident": lambda x: np.where(np.arange(SIZES) == 0, 60.0, x),
    "confident and wrong": lambda x: np.where(np.arange(SIZES) == 7, 40.0, x),
    "offset": lambda x: 1e4 + x,
    "nearly equal": lambda x: 1 + 1e-3 * x,
    "masked": lambda x: np.where(np.arange(SIZES) % 3 == 1, -np.inf, 9 * x),
}


def truth(loss, pool, counts, label, columns):
    """Value, and slopes in a few columns, from the formula of the label's log-probability at 120 digits."""
    x = [mp.mpf(v) for v in pool.tolist()]
    shifted = [mp.exp(v - x[label]) for v in x]
    others = mp.fsum(w * (int(n) - (k == label)) for k, (w, n) in enumerate(zip(shifted, counts, strict=True)))
    ready = bound(loss)

    log_prob = -mp.log1p(others)
    slope = mp.diff(lambda x: formula(ready, x, 0, 0), log_prob, h=abs(log_prob) * mp.mpf(10) ** -30)
    pulled = [others / (1 + others) if of == -1 else -shifted[of] / (1 + others) for of in columns]
    return formula(ready, log_prob, 0, 0), [slope * share for share in pulled]


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("kind", ROWS)
def test_a_vocabulary_of_classes(rng, kind, form):
    pool = rounded(ROWS[kind](rng.normal(size=SIZES)), form)
    places = rng.integers(1, SIZES, CLASSES)
    label = int(rng.integers(CLASSES))
    places[label] = 0
    row = pool[places]
    columns = [label, *np.flatnonzero(np.isfinite(row))[[0, 17, 70_000, -1]]]
    of = [-1 if j == label else int(places[j]) for j in columns]
    for loss in LOSSES:
        with mp.workdps(120):
            expected, slopes = truth(loss, pool, np.bincount(places, minlength=SIZES), 0, of)
        for engine in ("native", "reference"):
            with using(engine):
                logits = row[None].astype(form.dtype)
                terms, gradient = loss.value_and_grad(logits, [label], reduction="none")
            assert not gradient[0][np.isinf(row)].any()
            limits = (1.0, 1.0) if form.name != "float64" else (8.0, 8.0) if loss is LOSSES[1] else (2.0, 4.0)
            got = [float(terms[0]), *(float(gradient[0, j]) for j in columns)]
            with mp.workdps(120):
                for n, (number, right) in enumerate(zip(got, [expected, *slopes], strict=True)):
                    assert error(number, right, right, form) <= limits[n > 0], (engine, loss, n)
