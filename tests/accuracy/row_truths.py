"""Truths of losses over classes: the row's own formula, and differences when one score moves."""

from __future__ import annotations

from functools import cache
from types import SimpleNamespace

import mpmath as mp

from accuracy.exact import Exact, M, bound
from accuracy.truths import STEP, digits, spanned
from lossfn.core.kinds import Row


@cache
def over_classes(loss, scores, target, columns, wide):
    """Value of one row, and its slopes in the scores of some columns, each as an interval."""
    known = [x for x in (*scores, *(target if isinstance(target, tuple) else ())) if mp.isfinite(x)]
    with mp.workdps(digits(known, wide) + 240 * wide):
        make = label_row if isinstance(loss, Row) else target_row
        value = make(bound(loss), [mp.mpf(x) for x in scores], target)
        here = value(0, mp.mpf(0))
        slopes = [spanned([(here - value(j, -STEP)) / STEP, (value(j, STEP) - here) / STEP]) for j in columns]
        return (here, here), slopes


def label_row(loss, x, y):
    """Return the function of (column, step) that is the loss of a row and its label."""
    if loss.takes == "log_probs":
        return lambda j, h: formula(loss, x[y] + (h if j == y else 0), mp.mpf(0), mp.mpf(0))
    w = [mp.exp(s - x[y]) for s in x]
    others = mp.fsum(w) - 1
    finite = [k for k, s in enumerate(x) if mp.isfinite(s)]
    share = mp.mpf(len(finite)) / len(x)
    mean = mp.fsum(x[k] for k in finite) / len(x)

    def value(j, h):
        rest = others * mp.exp(-h) if j == y else others + w[j] * mp.expm1(h)
        log_prob = -mp.log1p(rest)
        lse = x[y] + (h if j == y else 0) - log_prob
        return formula(loss, log_prob, lse, mean + h / len(x) - share * lse)

    return value


def formula(loss, log_prob, log_sum_exp, mean_log_prob):
    row = SimpleNamespace(log_prob=log_prob, log_sum_exp=log_sum_exp, mean_log_prob=mean_log_prob)
    return loss.formula(M, SimpleNamespace(**{n: Exact(v) for n, v in vars(row).items()})).x


def target_row(loss, x, t):
    """Return the function of (column, step) that is the loss of a row and its distribution."""
    w = [mp.exp(s - max(x)) for s in x]
    total = mp.fsum(w)

    def value(j, h):
        moved = [s + (h if k == j else 0) for k, s in enumerate(x)]
        lse = max(x) + mp.log(total + w[j] * mp.expm1(h)) if loss.takes == "logits" else 0
        return mp.fsum(loss.formula(M, Exact(s - lse), Exact(v)).x for s, v in zip(moved, t, strict=True))

    return value
