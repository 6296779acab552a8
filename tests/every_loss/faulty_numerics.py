"""Numerics that are a little wrong: compensation dropped, a branch swapped, an edge off by one, a sum kept narrow."""

from dataclasses import replace

import numpy as np

import lossfn as lf
from every_loss.planting import fault, through
from lossfn.core import reduction
from lossfn.engines import native, reference
from lossfn.engines.native import elementary, machine, pointwise
from lossfn.shapes import distribution, row


class Fresh(lf.Pointwise, register=False):
    """A formula of many verbs that no other test has compiled."""

    def formula(self, m, prediction, target):
        return m.softplus(prediction - target) + m.log_cosh(prediction - target)


class FreshRow(lf.Row, register=False):
    """A cross-entropy that no other test has compiled."""

    def formula(self, m, row):
        return -row.log_prob


class Smoothed(lf.Row, register=False):
    """A row formula that reads the mean over classes."""

    def formula(self, m, row):
        return -0.9 * row.log_prob - 0.1 * row.mean_log_prob


def verb(law, loss, name, wrong):
    """Plant a verb of the reference engine that computes something else."""

    def plant(patch):
        patch.setitem(reference.VERBS, name, wrong)

    plant.__name__ = f"verb_{name}"
    fault(law, loss)(plant)


verb("engines", lf.LogCosh, "log_cosh", lambda x: np.log(np.cosh(np.float32(x))))
verb("engines", lf.LogCosh, "tanh", lambda x: np.tanh(x) * (1.0 + 1e-12))
verb(
    "engines", lf.BinaryCrossEntropyWithLogits, "softplus", lambda x: np.maximum(x, 0.0) + np.exp(-np.abs(x))
)  # a series cut short
verb(
    "engines",
    lf.BinaryCrossEntropyWithLogits,
    "sigmoid",
    lambda x: np.where(x > 30.0, 1.0, 1.0 / (1.0 + np.exp(-x)) + 1e-12),
)
verb("engines", lf.SquaredLogError, "log1p", lambda x: np.log(1.0 + x) + 1e-12)
verb("gradient", lf.Poisson, "exp", lambda x: np.exp(np.float32(x)))
verb("masks", lf.KLFromLogits, "weighted", lambda weight, x: weight * x)
verb("gradient", lf.Huber, "minimum", np.maximum)
verb("nan", lf.Huber, "maximum", np.fmax)


def of_row(law, loss, field, wrong):
    """Plant a statistic of rows that is wrong."""

    def plant(patch):
        right = row.statistics

        def statistics(logits, labels, weight):
            s = right(logits, labels, weight)
            return replace(s, **{field: wrong(s, logits, labels)})

        patch.setattr(row, "statistics", statistics)

    plant.__name__ = f"row_{field}"
    fault(law, loss)(plant)


of_row("gradient", FreshRow, "of_log_prob", lambda s, x, y: s.of_log_prob * 1.0001)
of_row("gradient", lf.ZLoss, "of_sum", lambda s, x, y: np.square(s.of_sum))
of_row("gradient", Smoothed, "of_mean", lambda s, x, y: s.of_mean + 1e-6)
of_row("hessian", FreshRow, "spread", lambda s, x, y: s.of_sum)
of_row("hessian", Smoothed, "mean_weight", lambda s, x, y: 0.0 * s.mean_weight)
of_row("shift", FreshRow, "log_prob", lambda s, x, y: x[np.arange(len(y)), y] - np.log(np.exp(x).sum(axis=1)))
of_row("engines", lf.ZLoss, "log_sum_exp", lambda s, x, y: x.max(axis=1))
of_row("engines", Smoothed, "mean_log_prob", lambda s, x, y: s.mean_log_prob - 1e-11)


@fault("large", lf.Huber)
def blocks_leave_out_the_last_term(patch):
    blocks = reference._blocks
    patch.setattr(
        reference,
        "_blocks",
        lambda terms, width: (slice(p.start, p.stop - (p.start > 0)) for p in blocks(terms, width)),
    )


@fault("large", lf.Huber)
def blocks_overlap_by_one(patch):
    blocks = reference._blocks
    patch.setattr(
        reference, "_blocks", lambda terms, width: (slice(max(p.start - 1, 0), p.stop) for p in blocks(terms, width))
    )


@fault("large", lf.Huber)
def total_summed_in_single(patch):
    through(patch, after=lambda b, ask, a: a._replace(total=float(np.float32(a.total))))


@fault("weights", lf.Huber)
def scale_applied_after_rounding_to_half(patch):
    times = reference._times
    patch.setattr(
        reference,
        "_times",
        lambda x, weight, scale=1.0: times(x, None if weight is None else np.float16(weight), scale),
    )


@fault("gradient", lf.KLFromLogits)
def softmax_not_pulled_back(patch):
    patch.setattr(distribution, "gradient", lambda q, slope: slope)


@fault("hessian", lf.KLFromLogits)
def softmax_bend_forgotten(patch):
    bent = distribution.hessian
    patch.setattr(distribution, "hessian", lambda q, log_q, slope, curvature: bent(q, log_q, 0.5 * slope, curvature))


@fault("split", lf.Huber)
def merged_totals_lose_the_second(patch):
    add = reduction.LossSum.__add__
    patch.setattr(reduction.LossSum, "__add__", lambda a, b: add(a, replace(b, total=b.total * (1.0 - 1e-9))))


@fault("engines", Fresh)
def native_exponential_is_short_of_digits(patch):
    right = elementary.Elementary.exp
    patch.setattr(elementary.Elementary, "exp", lambda self, x: right(self, x) * (1.0 + 1e-11))


@fault("engines", FreshRow)
def native_compensation_is_wrong(patch):
    right = elementary.Elementary.below

    def below(self, x, top):
        shift, lost = right(self, x, top)
        return shift, lost + 1e-11 * shift

    patch.setattr(elementary.Elementary, "below", below)


@fault("engines", type("Stale", (Fresh,), {}, register=False))
def a_stale_object_is_served(patch):
    kept = {}
    build = machine.function

    def stale(text, arrays, integers):
        return kept.setdefault((arrays, integers), build(text, arrays, integers))

    patch.setattr(machine, "function", stale)


@fault("large", type("Masked", (Fresh,), {}, register=False), engine="native")
def native_tail_off_by_one(patch):
    right = pointwise.tail_mask
    patch.setattr(pointwise, "tail_mask", lambda code, i, stop: right(code, i, stop - 1))


@fault("engines", type("Verbs", (Fresh,), {}, register=False))
def native_stores_narrow(patch):
    through(
        patch,
        after=lambda b, ask, a: a._replace(gradient=tuple(g.astype(np.float32).astype(g.dtype) for g in a.gradient)),
        engine=native,
    )
