"""The promise of every pointwise loss, on both engines: ULPs against formulas at hundreds of digits."""

import mpmath as mp
import numpy as np
import pytest

from accuracy.inputs import points
from accuracy.terms import largest
from accuracy.truths import pointwise
from accuracy.ulps import error
from accuracy.variants import variants
from lossfn.core.dispatch import using
from lossfn.core.kinds import Pointwise
from lossfn.explanation.accuracy.formats import FORMATS

# (value, gradient, hessian) in ULPs. A float64 hessian has no tier: it is finite, not 0 and has the right sign.
NARROW, DOUBLE, POWERS = (1.0, 1.0, 1.0), (2.0, 4.0, 2.0**12), (8.0, 8.0, 2.0**12)


def bounds(loss, form):
    """The tier of value, gradient and hessian."""
    name = type(loss).__name__
    if form.name != "float64":
        return NARROW
    return POWERS if name == "BinaryFocal" else DOUBLE


def measured(loss, columns):
    """Value, slopes and curvatures as the engine in force computes them."""
    *predictions, target = columns
    prediction = tuple(predictions) if len(predictions) > 1 else predictions[0]
    value = loss(prediction, target, reduction="none")
    if not loss.differentiable:
        return value, (), (), value
    again, gradient = loss.value_and_grad(prediction, target, reduction="none")
    hessian = loss.grad_and_hess(prediction, target)[1]
    several = len(predictions) > 1
    return value, gradient if several else (gradient,), hessian if several else (hessian,), again


def errors(loss, form, columns, results):
    """Rows of (what, ULPs, inputs, got, truth)."""
    value, gradient, hessian, _ = results
    for i, row in enumerate(zip(*(c.astype(np.float64).tolist() for c in columns), strict=True)):
        got = [float(x[i]) for x in (value, *gradient, *hessian)]
        kinds = [0] + [1] * len(gradient) + [2] * len(hessian)
        for kind, result, truths, term in zip(kinds, got, *expected(loss, row, form, len(got)), strict=True):
            with mp.workdps(40):
                ulps = min(float(error(result, *truth, form, term)) for truth in truths)
            yield kind, ulps, row, result, truths[0]


def expected(loss, row, form, count):
    """Admissible truths and largest terms of the results at a point.

    Where the rounding of the residual to float64 alone decides the result (on which side of a kink, how far from
    a zero), the truth at the rounded residual is admitted too.
    """
    wide = form.name == "float64"
    shifted = (mp.fadd(row[0] - row[-1], row[-1], exact=True), *row[1:])
    here, there = (parts(pointwise(loss, place, wide))[:count] for place in (row, shifted))
    truths = [(a, b) if abs(a[0] - b[0]) > 0.1 * abs(a[0]) else (a,) for a, b in zip(here, there, strict=True)]
    with mp.workdps(40):
        return truths, parts(largest(loss, row))[:count]


def parts(groups):
    return [x for group in groups for x in group]


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("loss", variants(Pointwise), ids=repr)
def test_value_gradient_and_hessian_are_as_accurate_as_promised(loss, form):
    columns = points(loss, form)
    for engine in ("native", "reference"):
        with using(engine):
            results = measured(loss, columns)
        np.testing.assert_array_equal(results[0], results[3])
        cases = list(errors(loss, form, columns, results))
        assert cases
        assert [(engine, c) for c in cases if not c[1] <= bounds(loss, form)[c[0]]] == []
