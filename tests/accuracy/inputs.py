"""Where losses are tried: what training sees, and where formulas break."""

from __future__ import annotations

import zlib
from dataclasses import fields
from functools import partial

import numpy as np

from lossfn.core.dispatch import using
from lossfn.core.domain import REAL

LIMIT, NARROW_LIMIT = 48, 32
SIZES = (1e-38, 1e-30, 1e-12, 1e-8, 1e-4, 0.03, 0.1, 0.29, 0.31, 0.7, 1.0, 1.5, 3.0, 9.0, 17.0, 30.0, 37.0, 60.0, 87.0)
LARGE = (103.0, 400.0, 709.0, 740.0, 1e4, 1e8, 1e16, 1e30, 1e38, 1e150)


def points(loss, form):
    """Return the columns of a batch of points: the loss's inputs in the dtype of `form`."""
    rng = np.random.default_rng(zlib.crc32(f"{loss!r}{form.name}".encode()))
    rows = [
        *plain(loss, rng, 8),
        *hard(loss, form, rng),
        *close(loss, form),
        *kinks(loss, form),
        *crossings(loss, form),
    ]
    rows = [rows[i] for i in sorted(rng.permutation(len(rows))[: LIMIT if form.bits > 11 else NARROW_LIMIT])]
    kept = [row for row in dict.fromkeys(map(tuple, rounded(rows, form))) if legal(loss, row)]
    return [np.array(column).astype(form.dtype) for column in zip(*kept, strict=True)]


def rounded(numbers, form):
    """Round to the format, and return as float64."""
    with np.errstate(over="ignore"):
        return np.array(numbers, dtype=np.float64).astype(form.dtype).astype(np.float64)


def domain_of(loss, name):
    return loss.domains().get(name, REAL)


def legal(loss, row):
    return all(np.isfinite(x) and x in domain_of(loss, n) for n, x in zip(loss.inputs, row, strict=True))


def plain(loss, rng, count):
    """Draw what a training run sees."""
    return zip(*(domain_of(loss, n).sample(rng, (count,)) for n in loss.inputs), strict=True)


def members(domain, form):
    """Numbers of every size, next to the ends of the domain and next to 1."""
    top = 1e290 if form.bits == 53 else form.largest
    sizes = [x for x in (*SIZES, *LARGE, top) if x <= top]
    sizes += [2.0 ** (form.lowest - form.bits + 1), 2.0**form.lowest * 0.7]
    beside = [b * (1 + k * form.ulp(1.0) / 2) for b in (1.0, 0.5) for k in (-1, 2)]
    ends = getattr(domain, "values", (-1 + form.ulp(1.0) / 2, 0.0))
    found = [*ends, *sizes, *beside, *(-x for x in sizes)]
    found = rounded(found, form).tolist()
    return [x for x in dict.fromkeys(found) if x in domain and np.isfinite(x)]


def hard(loss, form, rng):
    """Pair every size of each input with one of any size, or with an ordinary one."""
    pools = [members(domain_of(loss, n), form) for n in loss.inputs]
    ordinary = [[x for x in pool if x == 0 or 0.01 < abs(x) < 20] or pool for pool in pools]
    for place, pool in enumerate(pools):
        for x in pool:
            row = [rng.choice(choice) for choice in (ordinary if rng.random() < 0.6 else pools)]
            row[place] = x
            yield row


def close(loss, form):
    """Predictions a few units beside the target."""
    for t in (-3e4, -1.3, 0.1, 0.7, 1.0, 2.5, 1e4, 1e8):
        for k in (-3, 0, 1, 8):
            t = float(rounded(t, form))
            yield [t * (1 + k * form.ulp(1.0)), *([0.7] * (len(loss.predictions) - 1)), t]


def kinks(loss, form):
    """Residuals and margins on and beside each hyperparameter and 1."""
    corners = {1.0, *(abs(getattr(loss, f.name)) for f in fields(loss) if isinstance(getattr(loss, f.name), float))}
    for corner in sorted(c for c in corners if np.isfinite(c)):
        for side in (-corner, corner):
            for t in (0.0, 1.0, 3.0):
                for k in (-1, 0, 1):
                    yield [t + side * (1 + k * form.ulp(1.0)), *([0.7] * (len(loss.predictions) - 1)), t]


def crossings(loss, form):
    """Predictions beside the roots of value, slope and curvature, found by bisection."""
    domain = domain_of(loss, loss.inputs[0])
    steps = [x for x in np.linspace(-8, 8, 33) if x in domain]
    grid = np.unique([*steps, *(x for x in members(domain, form) if abs(x) <= 1e4)])
    targets = [t for t in (0.0, 0.3, 1.0, -1.0, 2.5) if t in domain_of(loss, "target")]
    with using("reference"), np.errstate(all="ignore"):
        for t in targets:
            for which in range(3 if loss.differentiable else 1):
                for x in roots(partial(result, loss, t, which), grid, form):
                    yield [x, *([0.7] * (len(loss.predictions) - 1)), t]


def result(loss, t, which, p):
    rest = [np.full(p.shape, 0.7) for _ in loss.predictions[1:]]
    prediction, target = (p, *rest) if rest else p, np.full(p.shape, t)
    if which == 0:
        return loss(prediction, target, reduction="none")
    answers = loss.grad_and_hess(prediction, target)[which - 1]
    return answers[0] if rest else answers


def roots(f, grid, form):
    y = np.sign(f(grid))
    at = np.flatnonzero(y[:-1] * y[1:] < 0)[:4]
    low, high, sign = grid[at], grid[at + 1], y[at]
    for _ in range(form.bits + 16):
        middle = rounded((low + high) / 2, form)
        same = np.sign(f(middle)) == sign if len(at) else np.zeros(0, bool)
        low, high = np.where(same, middle, low), np.where(same, high, middle)
    return [*low, *high, *(low * (1 - 5 * form.ulp(1.0))), *(high * (1 + 40 * form.ulp(1.0)))]
