"""The promise of every loss over classes, on both engines, from two classes to thousands."""

import mpmath as mp
import numpy as np
import pytest

from accuracy.inputs import rounded
from accuracy.row_truths import over_classes
from accuracy.ulps import error
from accuracy.variants import variants
from lossfn.core.dispatch import using
from lossfn.core.kinds import Distribution, Row
from lossfn.explanation.accuracy.formats import FORMATS

NARROW, DOUBLE, POWERS = (1.0, 1.0), (2.0, 4.0), (8.0, 8.0)


def bounds(loss, form, row):
    """Value and gradient. The z-loss multiplies probabilities that are subnormal, and so have lost their digits."""
    if form.name != "float64":
        return NARROW
    if type(loss).__name__ == "ZLoss" and np.ptp(row[np.isfinite(row)]) > 708:
        return DOUBLE[0], 1024.0
    return POWERS if type(loss).__name__ == "Focal" else DOUBLE


def score_rows(form, classes, rng):
    """Rows of logits: plain, confident, offset, nearly equal, masked, tiny and huge."""
    normal = rng.normal(0, 1, (9, classes))
    masked = np.where(rng.random(classes) < 0.3, -np.inf, normal[0])
    huge = min(form.largest, 1e38)
    rows = [3 * normal[0], 20 * normal[1], 90 * normal[2], 400 * normal[3], 1e4 + normal[4], 1e8 + 8 * normal[5]]
    rows += [
        1 + form.ulp(1.0) * np.round(normal[6]),
        np.full(classes, 1e4),
        masked,
        1e-30 * normal[7],
        huge / 8 * normal[8],
    ]
    rows += [np.where(np.arange(classes) == 1, 17.5, 0.0), np.where(np.arange(classes) == 0, -30.0, 0.0)]
    rows = rounded(rows, form)[:: 1 + classes // 100]
    return rows[np.isfinite(rows.max(axis=1))]


def log_probs(rows, form):
    shifted = rows - rows.max(axis=1, keepdims=True)
    return rounded(shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True)), form)


def targets(loss, form, rows, rng):
    """Labels that are no masked class; or distributions, hard ones and the prediction itself among them."""
    if isinstance(loss, Row):
        labels = np.where(np.arange(len(rows)) % 2, rows.argmax(axis=1), rng.integers(0, rows.shape[1], len(rows)))
        return np.where(np.isfinite(rows[np.arange(len(rows)), labels]), labels, rows.argmax(axis=1))
    t = rng.dirichlet(np.ones(rows.shape[1]), len(rows))
    t[1], t[2] = np.eye(rows.shape[1])[[0, 1]]
    with np.errstate(divide="ignore"):
        return rounded(np.log(t) if getattr(loss, "log_target", False) else t, form)


def columns_of(row, label, rng):
    few = {int(row.argmax()), int(row.argmin()), *(rng.integers(0, len(row), 2).tolist()), *label}
    return tuple(sorted(j for j in few if np.isfinite(row[j])))


def largest(loss, row, target, columns):
    """Largest terms of the value and of the slopes, where they cancel."""
    x = row.astype(np.float64)
    p = np.exp(x - x.max()) / np.exp(x - x.max()).sum()
    name, finite = type(loss).__name__, x[np.isfinite(x)]
    if name == "ZLoss":
        top = abs(finite).max()
        return loss.weight * top**2, [2 * loss.weight * top * p[j] for j in columns]
    if name == "CrossEntropy":
        return 0, [max(p[j], 1 - p[j]) if loss.label_smoothing else 0 for j in columns]
    if not isinstance(loss, Distribution):
        return 0, [0 for j in columns]
    t = np.exp(target) if loss.log_target else target
    with np.errstate(divide="ignore", invalid="ignore"):
        log_q = np.log(p) if loss.takes == "logits" else x
        sizes = np.where(t > 0, t * np.maximum(abs(np.log(t)), abs(log_q)), 0.0)
    pulled = np.maximum(abs(t), p) if name != "JensenShannon" else p
    return sizes[np.isfinite(sizes)].max(), [pulled[j] for j in columns]


def cases(loss, form, classes):
    rng = np.random.default_rng(classes)
    rows = score_rows(form, classes, rng)
    rows = log_probs(rows, form) if loss.takes == "log_probs" else rows
    target = targets(loss, form, rows, rng)
    results = {}
    for engine in ("native", "reference"):
        with using(engine):
            scores = rows.astype(form.dtype)
            truth = target if isinstance(loss, Row) else target.astype(form.dtype)
            results[engine] = loss.value_and_grad(scores, truth, reduction="none")
    for i, (row, aim) in enumerate(zip(rows, target.tolist(), strict=True)):
        columns = columns_of(row, [aim] if isinstance(loss, Row) else [], rng)
        aim = aim if isinstance(loss, Row) else tuple(aim)
        value, slopes = over_classes(loss, tuple(row.tolist()), aim, columns, form.name == "float64")
        terms = largest(loss, row, target[i], columns)
        for engine, (terms_got, gradient) in results.items():
            pairs = [(0, terms_got[i], value, terms[0])]
            if mp.isfinite(value[0]):
                pairs += [(1, gradient[i][j], s, t) for j, s, t in zip(columns, slopes, terms[1], strict=True)]
            assert isinstance(loss, Distribution) or not gradient[i][~np.isfinite(row)].any()
            with mp.workdps(40):
                for what, got, (low, high), term in pairs:
                    ulps = float(error(float(got), low, high, form, mp.mpf(float(term))))
                    yield engine, what, ulps, bounds(loss, form, row)[what], i, float(got), float(low)


def sizes(loss, form):
    few = isinstance(loss, Distribution) or form.name == "float64"
    return (2, 9) if few else (2, 3, 10, 70, 1000) if form.name == "float32" else (3, 70)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("loss", [*variants(Row), *variants(Distribution)], ids=repr)
def test_value_and_gradient_are_as_accurate_as_promised(loss, form):
    for classes in sizes(loss, form):
        measured = list(cases(loss, form, classes))
        assert measured
        assert [(classes, c) for c in measured if not c[2] <= c[3]] == []
