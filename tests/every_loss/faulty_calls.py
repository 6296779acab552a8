"""Calls that check, count or reduce wrongly: each fault breaks one law."""

from dataclasses import replace

import numpy as np

import lossfn as lf
from every_loss.planting import fault
from lossfn.core import arrays, calls
from lossfn.core.kinds import Pointwise, Row
from lossfn.core.reduction import LossSum


def prepared(patch, kind, change):
    """Change the batches that a kind of loss prepares."""
    prepare = kind.prepare
    patch.setattr(kind, "prepare", lambda self, *arguments: change(self, prepare(self, *arguments)))


@fault("weights", lf.Huber)
def mean_divides_by_the_number_of_terms(patch):
    prepared(patch, Pointwise, lambda loss, batch: replace(batch, divisor=None))


@fault("reduction", lf.Huber)
def mean_divides_by_one_less(patch):
    prepared(patch, Pointwise, lambda loss, batch: replace(batch, divisor=np.arange(batch.terms) > 0))


@fault("reduction", lambda: lf.CrossEntropy(class_weight=[0.25, 2.0, 1.0]))
def class_weight_left_out_of_the_divisor(patch):
    prepared(patch, Row, lambda loss, batch: replace(batch, divisor=None))


@fault("reduction", lf.Huber)
def gradient_of_a_mean_not_divided(patch):
    patch.setattr(calls, "gradient_scale", lambda reduction, denominator: 1.0)


@fault("reduction", lf.Huber)
def count_off_by_one(patch):
    prepared(patch, Pointwise, lambda loss, batch: replace(batch, count=batch.count + 1))


@fault("ignored", lf.CrossEntropy)
def ignored_rows_counted(patch):
    prepared(patch, Row, lambda loss, batch: replace(batch, count=batch.terms))


@fault("ignored", lf.CrossEntropy)
def ignored_rows_in_the_divisor(patch):
    prepared(patch, Row, lambda loss, batch: replace(batch, divisor=None))


@fault("ignored", lf.Focal)
def ignored_rows_read(patch):
    prepared(patch, Row, lambda loss, batch: replace(batch, weight=None))


@fault("split", lf.Huber)
def merging_forgets_a_denominator(patch):
    patch.setattr(LossSum, "__add__", lambda a, b: LossSum(a.total + b.total, a.denominator, a.count + b.count))


@fault("empty", lf.Huber)
def mean_of_nothing_is_nan(patch):
    patch.setattr(calls, "mean_of_nothing", lambda empty: float("nan"))


@fault("domains", lf.BinaryCrossEntropy)
def domain_not_checked(patch):
    patch.setattr(calls, "first_offender", lambda inputs, weight, domains: None)


@fault("labels", lf.CrossEntropy)
def labels_not_checked(patch):
    patch.setattr(arrays, "bad_label", lambda labels, valid, classes: None)


@fault("shapes", lf.Huber)
def shapes_broadcast(patch):
    patch.setattr(arrays, "same_shape", lambda prediction, target, name="target": None)


@fault("layouts", lf.CrossEntropy)
def class_axis_not_moved_back(patch):
    shaped = calls.shaped
    patch.setattr(calls, "shaped", lambda batch, result: shaped(replace(batch, axis=-1 if batch.axis else 0), result))


@fault("cross terms", lf.GaussianNLL)
def full_hessian_not_symmetric(patch):
    full = calls.hessian_matrix
    patch.setattr(calls, "hessian_matrix", lambda *arguments: np.triu(full(*arguments)))
