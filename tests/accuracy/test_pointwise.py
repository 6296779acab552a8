"""The promise of every pointwise loss, on both engines: ULPs against formulas at hundreds of digits."""

import mpmath as mp
import numpy as np
import pytest

from accuracy.formats import FORMATS, error
from accuracy.inputs import points
from accuracy.terms import largest
from accuracy.truths import pointwise
from accuracy.variants import variants
from lossfn.core.dispatch import using
from lossfn.core.kinds import Pointwise

# (value, gradient, hessian) in ULPs. A float64 hessian has no tier: it is finite, not 0 and has the right sign.
NARROW, DOUBLE, POWERS = (1.0, 1.0, 1.0), (2.0, 4.0, 2.0**12), (8.0, 8.0, 2.0**12)


def bounds(loss, form):
    if form.name != "float64":
        return NARROW
    return POWERS if type(loss).__name__ == "BinaryFocal" else DOUBLE


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
        truth = [x for part in pointwise(loss, row, form.name == "float64") for x in part][: len(got)]
        with mp.workdps(40):
            terms = [x for part in largest(loss, row) for x in part][: len(got)]
            ulps = [float(error(g, *t, form, term)) for g, t, term in zip(got, truth, terms, strict=True)]
        kinds = [0] + [1] * len(gradient) + [2] * len(hessian)
        yield from zip(kinds, ulps, [row] * len(got), got, truth, strict=True)


@pytest.mark.parametrize("form", FORMATS.values(), ids=FORMATS)
@pytest.mark.parametrize("loss", variants(Pointwise), ids=repr)
def test_value_gradient_and_hessian_are_as_accurate_as_promised(loss, form):
    columns = points(loss, form)
    for engine in ("native", "reference"):
        with using(engine):
            results = measured(loss, columns)
        np.testing.assert_array_equal(results[0], results[3])
        limits = bounds(loss, form)
        wrong = [f"{engine}: {case}" for case in errors(loss, form, columns, results) if not case[1] <= limits[case[0]]]
        assert wrong == []
