"""Engines that misread or miswrite arrays: each fault breaks one law."""

from dataclasses import replace

import numpy as np

import lossfn as lf
from every_loss.planting import fault, through


@fault("dtypes", lf.LogCosh)
def single_precision_computed_in_half(patch):
    def halve(loss, batch, ask):
        narrow = tuple(p.astype(np.float16).astype(p.dtype) if p.dtype == np.float32 else p for p in batch.predictions)
        return loss, replace(batch, predictions=narrow), ask

    through(patch, before=halve)


@fault("dtypes", lf.Huber)
def terms_widened(patch):
    through(patch, after=lambda b, ask, a: a._replace(terms=None if a.terms is None else a.terms.astype(np.float64)))


@fault("dtypes", lf.SquaredError)
def sum_kept_in_half(patch):
    def fold(batch, ask, answer):
        half = batch.dtype == np.float16
        return answer._replace(total=float(np.float16(answer.total))) if half else answer

    through(patch, after=fold)


@fault("inputs", lf.Huber)
def predictions_overwritten(patch):
    def write(loss, batch, ask):
        if batch.predictions[0].flags.writeable:
            batch.predictions[0][...] = 0.0
        return loss, batch, ask

    through(patch, before=write)


@fault("outputs", lf.Huber)
def out_left_unfinished(patch):
    def skip(batch, ask, answer):
        if ask.out:
            ask.out[0].reshape(-1)[-1] = 7.0
        return answer

    through(patch, after=skip)


@fault("outputs", lf.CrossEntropy)
def value_beside_a_gradient_differs(patch):
    through(patch, after=lambda b, ask, a: a._replace(total=a.total * (1.001 if ask.order == 1 else 1.0)))


@fault("layouts", lf.Huber)
def strides_ignored(patch):
    def reread(array):
        flat = array.flags.c_contiguous
        return array if flat else np.lib.stride_tricks.as_strided(array, strides=(array.itemsize,) * array.ndim)

    def misread(loss, batch, ask):
        return loss, replace(batch, predictions=tuple(map(reread, batch.predictions))), ask

    through(patch, before=misread)


@fault("integers", lf.SquaredError)
def whole_numbers_wrap(patch):
    def wrap(x):
        return (x * 64) // 64 if x.dtype == np.int8 else x

    through(patch, before=lambda loss, b, ask: (loss, replace(b, predictions=tuple(map(wrap, b.predictions))), ask))


@fault("writing", lambda: lf.Hinge(labels="pm1"))
def signs_read_as_labels(patch):
    through(patch, before=lambda loss, b, ask: (replace(loss, labels="01"), b, ask))


@fault("writing", lambda: lf.KLDivergence(log_target=True))
def log_probabilities_read_as_probabilities(patch):
    through(patch, before=lambda loss, b, ask: (replace(loss, log_target=False), b, ask))


@fault("outputs", lf.Huber)
def terms_beside_a_gradient_differ(patch):
    def swell(batch, ask, answer):
        beside = answer.terms is not None and ask.order == 1
        return answer._replace(terms=answer.terms * 1.001) if beside else answer

    through(patch, after=swell)


@fault("outputs", lf.Focal)
def gradient_beside_a_hessian_differs(patch):
    def swell(batch, ask, answer):
        return answer._replace(gradient=tuple(g * 1.001 for g in answer.gradient)) if ask.order == 2 else answer

    through(patch, after=swell)


@fault("domains", lf.Poisson)
def unchecked_values_differ(patch):
    def swell(batch, ask, answer):
        unchecked = answer.terms is not None and not ask.check
        return answer._replace(terms=answer.terms + 1e-9) if unchecked else answer

    through(patch, after=swell)


@fault("layouts", lf.SquaredError)
def byte_order_ignored(patch):
    def misread(loss, batch, ask):
        native_order = tuple(p.view(p.dtype.newbyteorder("=")) for p in batch.predictions)
        return loss, replace(batch, predictions=native_order), ask

    through(patch, before=misread)
