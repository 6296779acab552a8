"""Where a gradient is written, and in which argument it is taken."""

import re

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import DerivativeError, LossfnError, OptionError, ShapeError
from semantics.samples import ONE_PREDICTION, OVER_CLASSES, ROWS, SMOOTH, N, each, name, parts, sample

TARGETED = [loss for loss in SMOOTH if "target" in loss.inputs]
LAYOUTS = {
    "contiguous": np.empty_like,
    "strided": lambda a: np.empty((2 * a.shape[0], *a.shape[1:]), a.dtype)[::2],
    "backwards": lambda a: np.empty_like(a)[::-1],
    "Fortran": lambda a: np.empty_like(a, order="F"),
}


@pytest.mark.parametrize("layout", LAYOUTS)
@pytest.mark.parametrize("loss", SMOOTH, ids=name)
def test_the_gradient_lands_in_out(loss, layout, rng):
    prediction, target = sample(loss, rng, (N, 2))
    value, expected = loss.value_and_grad(prediction, target)
    out = each(LAYOUTS[layout], prediction)
    got, gradient = loss.value_and_grad(prediction, target, out=out)
    assert got == value
    for given, returned, slope in zip(parts(out), parts(gradient), parts(expected), strict=True):
        assert returned is given
        np.testing.assert_array_equal(given, slope)


@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
def test_out_keeps_the_class_axis(loss, rng):
    prediction, target = sample(loss, rng, (2, 3))
    moved = np.ascontiguousarray(np.moveaxis(prediction, -1, 0))
    truth = target if loss in ROWS else np.moveaxis(target, -1, 0)
    out = np.empty_like(moved)
    assert loss.value_and_grad(moved, truth, axis=0, out=out)[1] is out
    np.testing.assert_array_equal(np.moveaxis(out, 0, -1), loss.value_and_grad(prediction, target)[1])


@pytest.mark.parametrize("given", [[1.0, 2.0], np.array([1, 2]), np.array([1.0, 2.0], np.float32)])
def test_out_has_the_dtype_of_the_gradient(given):
    out = np.empty(2, given.dtype if isinstance(given, np.ndarray) and given.dtype.kind == "f" else float)
    assert lf.HalfSquaredError().value_and_grad(given, [0.0, 0.0], reduction="sum", out=out)[1] is out
    assert out.tolist() == [1.0, 2.0]


def test_out_of_a_single_number():
    out = np.empty(())
    assert lf.SquaredError().value_and_grad(3.0, 1.0, out=out)[1] is out
    assert out == 4.0


@pytest.mark.parametrize("classes", [2, 3, 10, 100])
@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
def test_out_may_be_the_prediction_over_classes(loss, classes, rng):
    prediction, target = sample(loss, rng, (40, classes))
    for given in (prediction.copy(), np.repeat(prediction, 300, axis=0)):
        truth = np.repeat(target, len(given) // len(prediction), axis=0)
        value, expected = loss.value_and_grad(given.copy(), truth)
        got, gradient = loss.value_and_grad(given, truth, out=given)
        assert gradient is given
        assert got == value
        np.testing.assert_array_equal(gradient, expected)


@pytest.mark.parametrize("size", [100, 50_000])
@pytest.mark.parametrize("shift", [-3, 0, 16])
def test_out_may_overlap_what_is_read(shift, size, rng):
    memory = rng.normal(size=size + 40)
    prediction, out = memory[20 : 20 + size], memory[20 - shift : 20 - shift + size]
    value, expected = lf.LogCosh().value_and_grad(prediction.copy(), np.zeros(size))
    got, gradient = lf.LogCosh().value_and_grad(prediction, np.zeros(size), out=out)
    assert gradient is out
    assert got == value
    np.testing.assert_array_equal(gradient, expected)


READ_ONLY = np.zeros(N)
READ_ONLY.setflags(write=False)


@pytest.mark.parametrize(
    ("out", "got"),
    [
        (np.zeros(N + 1), "ndarray of shape (7,) and dtype float64"),
        (np.zeros((N, 1)), "ndarray of shape (6, 1) and dtype float64"),
        (np.zeros(N, np.float32), "ndarray of shape (6,) and dtype float32"),
        (np.zeros(N, int), "ndarray of shape (6,) and dtype int64"),
        ([0.0] * N, "list of shape (6,) and dtype ?"),
        (READ_ONLY, "read-only ndarray of shape (6,) and dtype float64"),
        (np.zeros(N, ">f8"), "ndarray of shape (6,) and dtype >f8"),
    ],
    ids=str,
)
@pytest.mark.parametrize("loss", [lf.SquaredError(), lf.Poisson(), lf.Hinge()], ids=name)
def test_an_out_that_does_not_fit_is_refused(loss, out, got, rng):
    prediction, target = sample(loss, rng)
    message = f"out: expected a writeable array of shape ({N},) and dtype float64, got {got}. "
    message += f"Try: out=numpy.empty(({N},), 'float64')"
    with pytest.raises(ShapeError, match=re.escape(message)):
        loss.value_and_grad(prediction, target, out=out)


@pytest.mark.parametrize("out", [np.empty(2), (np.empty(2),), (np.empty(2), np.empty(3)), (np.empty(2),) * 3])
def test_two_predictions_need_two_outs(out):
    with pytest.raises(LossfnError, match="out: expected"):
        lf.GaussianNLL().value_and_grad((np.ones(2), np.ones(2)), np.zeros(2), out=out)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", TARGETED, ids=name)
def test_the_slope_in_the_target(loss, reduction, rng):
    prediction, target = sample(loss, rng)
    step = 1e-6
    if loss.domains().get("target"):  # away from the ends, for the difference
        target = np.clip(target, 0.05, 0.95)
    if loss.domains().get("prediction"):
        prediction = np.clip(prediction, 0.05, 0.95)
    value, slope = loss.value_and_grad(prediction, target, wrt="target", reduction=reduction, check=False)
    assert (slope.shape, slope.dtype) == (target.shape, np.float64)
    np.testing.assert_array_equal(value, loss(prediction, target, reduction=reduction, check=False))
    for place in ((0, 0), (3, 1)) if target.ndim > 1 else ((0,), (3,)):
        ahead, behind = target.copy(), target.copy()
        ahead[place] += step
        behind[place] -= step
        values = [np.sum(loss(prediction, t, reduction=reduction, check=False)) for t in (ahead, behind)]
        np.testing.assert_allclose(slope[place], (values[0] - values[1]) / (2 * step), rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("loss", TARGETED, ids=name)
def test_the_slope_in_the_target_lands_in_out(loss, rng):
    prediction, target = sample(loss, rng)
    target = target.astype(np.float32)
    out = np.empty_like(target)
    expected = loss.value_and_grad(prediction, target, wrt="target")[1]
    assert loss.value_and_grad(prediction, target, wrt="target", out=out)[1] is out
    np.testing.assert_array_equal(out, expected)


@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_labels_have_no_slope(loss, rng):
    with pytest.raises(OptionError, match="wrt: expected \"prediction\": labels have no slope, got 'target'"):
        loss.value_and_grad(*sample(loss, rng), wrt="target")


@pytest.mark.parametrize("loss", ONE_PREDICTION, ids=name)
def test_an_unknown_argument_to_differentiate_is_refused(loss, rng):
    for wrt in ("labels", "", "mean"):
        with pytest.raises(OptionError, match=f"wrt: expected \"prediction\".*, got '{wrt}'"):
            loss.value_and_grad(*sample(loss, rng), wrt=wrt)


@pytest.mark.parametrize("call", ["value_and_grad", "grad_and_hess"])
def test_a_value_alone_says_so(call):
    message = "ZeroOne has a value only: .* Train with a surrogate such as Hinge or BinaryCrossEntropyWithLogits"
    with pytest.raises(DerivativeError, match=message):
        getattr(lf.ZeroOne(), call)([0.5], [1])
    assert lf.ZeroOne()([0.5, -0.5], [1, 1]) == 0.5
