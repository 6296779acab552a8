"""Every number of the half types as a prediction: what comes out is the float64 result, rounded once."""

import numpy as np
import pytest

from accuracy.inputs import domain_of
from accuracy.test_pointwise import errors, measured
from lossfn.explanation.accuracy.formats import FORMATS
from semantics.samples import POINTWISE, ROWS, name

HALVES = {form: FORMATS[form] for form in ("float16", "bfloat16")}
SLICES = [loss for loss in POINTWISE if len(loss.predictions) == 1]
TARGETS = (0.0, 1.0, 0.3125, -1.0, 3.0)


def every(form):
    """All finite numbers of a format, both zeros and all subnormals among them."""
    numbers = np.arange(1 << 16, dtype=np.uint16).view(form.dtype)
    with np.errstate(invalid="ignore"):  # signaling NaNs are among them
        return numbers[np.isfinite(numbers.astype(np.float64))]


def pointwise(loss, form):
    """Each prediction of the domain beside a few targets of theirs."""
    numbers, domain = every(form), domain_of(loss, loss.inputs[0])
    legal = numbers[[x in domain for x in numbers.astype(np.float64).tolist()]]
    for target in TARGETS:
        if target in domain_of(loss, "target"):
            yield legal, np.full(legal.shape, target, form.dtype)


def rows(loss, form):
    """Each number as a logit, or as the logarithm of a probability, beside another class."""
    numbers = every(form)
    if loss.takes == "log_probs":
        numbers = numbers[numbers.astype(np.float64) <= 0]
    for label in (0, 1):
        yield np.stack([numbers, 0 * numbers], axis=1), np.full(len(numbers), label)


def results(loss, prediction, target):
    """Values, slopes, and of single elements curvatures, as float64."""
    if not loss.differentiable:
        found = [loss(prediction, target, reduction="none")]
    else:
        found = [*loss.value_and_grad(prediction, target, reduction="none"), loss.grad_and_hess(prediction, target)[1]]
    return [np.asarray(array, np.float64) for array in found[: 3 if loss in SLICES else 2]]


def off(got, wide, form):
    """The distance in ULPs, infinite unless what is beyond the format has become infinity, and nothing else has."""
    top = form.largest + float(form.ulp(np.float64(form.largest))) / 2
    beyond = abs(wide) >= top
    right = np.where(beyond, got == np.copysign(np.inf, wide), np.isfinite(got))
    near = np.where(right & ~beyond, got, 0.0), np.where(right & ~beyond, wide, 0.0)
    return np.where(right, abs(near[0] - near[1]) / form.ulp(abs(near[1])), np.inf)


@pytest.mark.parametrize("form", HALVES.values(), ids=HALVES)
@pytest.mark.parametrize("loss", [*SLICES, *ROWS], ids=name)
def test_every_half_is_rounded_once(loss, form):
    tried = 0
    for prediction, target in (pointwise if loss in SLICES else rows)(loss, form):
        wide_target = target.astype(np.float64) if loss in SLICES else target
        narrow = results(loss, prediction, target)
        wide = results(loss, prediction.astype(np.float64), wide_target)
        doubtful = np.zeros(len(prediction), bool)
        for got, truth in zip(narrow, wide, strict=True):
            doubtful |= (off(got, truth, form) > 0.51).reshape(len(prediction), -1).any(axis=1)
        assert not doubtful.any() or loss in SLICES
        told(loss, form, [prediction[doubtful], target[doubtful]])
        tried += len(prediction)
    assert tried > 1 << 13


def told(loss, form, columns):
    """Where terms cancel float64 may be the one that errs: formulas of many digits tell."""
    few = [column[:: 1 + len(column) // 40] for column in columns]
    if len(few[0]):
        cases = list(errors(loss, form, few, measured(loss, few)))
        assert [case for case in cases if not case[1] <= 1.0] == []
