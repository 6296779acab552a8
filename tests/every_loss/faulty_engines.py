"""Engines that compute something else: each fault breaks one law."""

from dataclasses import replace

import numpy as np

import lossfn as lf
from every_loss.planting import fault, through
from lossfn.core import threads
from lossfn.engines import native


@fault("gradient", lf.Huber)
def gradient_shifted_by_one(patch):
    through(patch, after=lambda b, ask, a: a._replace(gradient=tuple(np.roll(g, 1) for g in a.gradient)))


@fault("gradient", lf.CrossEntropy)
def gradient_of_another_class(patch):
    through(patch, after=lambda b, ask, a: a._replace(gradient=tuple(np.roll(g, 1, axis=1) for g in a.gradient)))


@fault("gradient", lf.GaussianNLL)
def two_gradients_exchanged(patch):
    through(patch, after=lambda b, ask, a: a._replace(gradient=a.gradient[::-1]))


@fault("hessian", lf.CrossEntropy)
def hessian_doubled_over_classes(patch):
    through(patch, after=lambda b, ask, a: a._replace(hessian=tuple(2 * h for h in a.hessian)))


@fault("weights", lf.Huber)
def weight_ignored(patch):
    through(patch, before=lambda loss, b, ask: (loss, replace(b, weight=None), ask))


@fault("weights", lf.CrossEntropy)
def weight_squared(patch):
    through(
        patch, before=lambda loss, b, ask: (loss, replace(b, weight=None if b.weight is None else b.weight**2), ask)
    )


@fault("weights", lf.Huber)
def weight_ignored_in_derivatives(patch):
    through(patch, before=lambda loss, b, ask: (loss, replace(b, weight=None) if ask.order else b, ask))


@fault("weights", lf.Huber)
def weight_ignored_in_the_target_slope(patch):
    def forget(loss, batch, ask):
        return loss, replace(batch, weight=None) if ask.wrt == ("target",) else batch, ask

    through(patch, before=forget)


@fault("weights", lambda: lf.BinaryCrossEntropyWithLogits(pos_weight=[0.25, 2.0, 1.0]))
def weight_along_the_wrong_axis(patch):
    def turn(loss, batch, ask):
        weight = batch.weight
        return loss, replace(batch, weight=None if weight is None else weight.T.reshape(weight.shape)), ask

    through(patch, before=turn)


@fault("zero weight", lf.Huber)
def hidden_terms_leak(patch):
    def multiply(batch, ask, answer):
        with np.errstate(invalid="ignore"):
            return answer._replace(terms=None if answer.terms is None else answer.terms + 0.0 * batch.predictions[0])

    through(patch, after=multiply)


@fault("nan", lf.Huber)
def nan_leaks_to_the_neighbour(patch):
    def smear(x):
        return x * np.where(np.isnan(np.roll(x, 1)), np.nan, 1.0)

    through(patch, after=lambda b, ask, a: a._replace(terms=None if a.terms is None else smear(a.terms)))


@fault("shift", lf.CrossEntropy)
def large_logits_lose_digits(patch):
    def narrow(loss, batch, ask):
        return loss, replace(batch, predictions=(batch.predictions[0].astype(np.float32),)), ask

    through(patch, before=narrow)


@fault("masks", lf.CrossEntropy)
def masked_classes_pull(patch):
    def pull(batch, ask, answer):
        masked = np.isneginf(batch.predictions[0])
        return answer._replace(gradient=tuple(g + 1e-9 * masked for g in answer.gradient))

    through(patch, after=pull)


@fault("order", lf.Huber)
def terms_depend_on_their_place(patch):
    def tilt(answer):
        return (
            answer
            if answer.terms is None
            else answer._replace(terms=answer.terms * (1 + 1e-15 * np.arange(answer.terms.size)))
        )

    through(patch, after=lambda b, ask, a: tilt(a))


@fault("split", lf.Huber)
def terms_depend_on_the_batch(patch):
    through(
        patch, after=lambda b, ask, a: a._replace(terms=None if a.terms is None else a.terms * (1 + 1e-15 * b.terms))
    )


@fault("large", lf.Huber)
def last_block_differs(patch):
    def spoil(batch, ask, answer):
        if answer.terms is not None and batch.terms > 1 << 16:
            answer.terms.reshape(-1)[-1] *= 1.0 + 1e-12
        return answer

    through(patch, after=spoil)


@fault("large", lf.CrossEntropy)
def gradient_missing_in_the_last_block(patch):
    def spoil(batch, ask, answer):
        if answer.gradient and batch.terms > 1 << 12:
            answer.gradient[0].reshape(-1)[-3:] = 0.0
        return answer

    through(patch, after=spoil)


@fault("large", lf.Huber)
def sum_depends_on_threads(patch):
    through(patch, after=lambda b, ask, a: a._replace(total=a.total * (1 + 1e-15 * threads.get_num_threads())))


@fault("wide", lf.CrossEntropy)
def last_classes_left_out(patch):
    def cut(loss, batch, ask):
        scores = batch.predictions[0].copy()
        scores[:, 144:] = -100.0
        return loss, replace(batch, predictions=(scores,)), ask

    through(patch, before=cut, engine=native)


@fault("engines", lf.Huber)
def an_engine_off_in_the_tenth_digit(patch):
    through(
        patch,
        after=lambda b, ask, a: a._replace(terms=None if a.terms is None else a.terms * (1 + 1e-10)),
        engine=native,
    )


@fault("engines", lambda: lf.Huber(delta=0.25))
def an_engine_forgets_the_options(patch):
    through(patch, before=lambda loss, b, ask: (lf.Huber(), b, ask), engine=native)


@fault("engines", lf.KLFromLogits)
def target_slope_of_one_engine_differs(patch):
    def swell(batch, ask, answer):
        sides = ask.wrt == ("target",)
        return answer._replace(gradient=tuple(g + 1e-9 for g in answer.gradient)) if sides else answer

    through(patch, after=swell, engine=native)
