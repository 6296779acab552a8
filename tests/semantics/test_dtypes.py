"""Which dtypes are computed, how, and which are refused."""

import ml_dtypes
import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import DTypeError
from peers import peer
from semantics.samples import DISTRIBUTIONS, LOSSES, POINTWISE, SMOOTH, K, N, each, name, parts, sample

HALVES = [np.float16, ml_dtypes.bfloat16]
ONE = [loss for loss in POINTWISE if len(loss.predictions) == 1]
REFUSED = [
    ([1j, 2j], "dtype complex128"),
    (["a", "b"], "dtype <U1"),
    ([None, 1.0], "dtype object"),
    (np.array([1, 2], object), "dtype object"),
    (np.array([1, 2], np.longdouble), "dtype (float128|longdouble)"),
    (np.array(["2020-01-01", "2020-01-02"], "M8[D]"), "dtype datetime64"),
    (np.ma.masked_array([1.0, 2.0], [False, True]), "a masked array"),
    ({"a": 1}, "dtype object"),
]


def whole(loss, rng, dtype):
    """Whole-numbered arguments inside the domain."""
    members = [
        [
            x
            for x in range(-3 if np.dtype(dtype).kind in "if" else 0, 4)
            if part not in loss.domains() or x in loss.domains()[part]
        ]
        for part in loss.inputs
    ]
    limit = 1 if np.dtype(dtype) == bool else 3
    arrays = [rng.choice([x for x in part if x <= limit], N).astype(dtype) for part in members]
    return arrays[:-1] if len(arrays) > 2 else arrays[0], arrays[-1]


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.uint64, bool])
@pytest.mark.parametrize("loss", POINTWISE, ids=name)
def test_integers_are_computed_in_float64(loss, dtype, rng):
    prediction, target = whole(loss, rng, dtype)
    wide = [np.asarray(p, np.float64) for p in prediction] if isinstance(prediction, list) else prediction.astype(float)
    terms = loss(prediction, target, reduction="none")
    assert terms.dtype == np.float64
    np.testing.assert_array_equal(terms, loss(wide, target.astype(float), reduction="none"))
    if loss.differentiable:
        value, gradient = loss.value_and_grad(prediction, target)
        np.testing.assert_array_equal(value, loss(prediction, target))
        assert [slope.dtype for slope in parts(gradient)] == [np.float64] * len(loss.predictions)


@pytest.mark.covers(22)
def test_unsigned_numbers_do_not_wrap_around():
    one, three = np.array([1], np.uint8), np.array([3], np.uint8)
    assert lf.SquaredError()(one, three) == 4.0
    assert lf.SquaredError().value_and_grad(one, three)[1].tolist() == [-4.0]
    assert lf.SquaredError()([True], [False]) == 1.0


@pytest.mark.parametrize(("array", "got"), REFUSED)
@pytest.mark.parametrize("loss", [lf.SquaredError(), lf.CrossEntropy(), lf.KLDivergence()], ids=name)
def test_what_is_no_real_number_is_refused(loss, array, got):
    good = [0, 1]
    with pytest.raises(DTypeError, match=f"prediction: expected .*, got {got}"):
        loss(array, good)
    with pytest.raises(DTypeError, match=f"target: expected .*, got {got}"):
        loss([0.5, 0.5] if loss not in DISTRIBUTIONS else [[0.5, 0.5]], array)


def test_a_masked_array_names_the_way_out():
    masked = np.ma.masked_array([1.0, 99.0], [False, True])
    with pytest.raises(
        DTypeError, match=r"hidden values.* Try: prediction\.filled\(0\), sample_weight=~prediction\.mask"
    ):
        lf.SquaredError()(masked, [1.0, 1.0])
    assert lf.SquaredError()(masked.filled(0), [1.0, 1.0], sample_weight=~masked.mask) == 0.0


@pytest.mark.peer
def test_arrays_of_a_framework_are_not_converted_silently():
    other = peer("jax.numpy").ones(2)
    with pytest.raises(DTypeError, match=r"target: expected a JAX array.*, got a list\. Try: jax\.numpy\.asarray"):
        lf.SquaredError()(other, [1.0, 1.0])


@pytest.mark.covers(22)
@pytest.mark.parametrize("dtype", [np.float32, *HALVES])
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_narrow_floats_are_computed_wider(loss, dtype, rng):
    prediction, target = sample(loss, rng, dtype=dtype)
    wide = each(lambda a: a.astype(np.float64), prediction)
    truth = target.astype(np.float64) if target.dtype == dtype else target
    value = loss(prediction, target)
    assert value.dtype == np.float32
    np.testing.assert_allclose(value, loss(wide, truth), rtol=2e-7, atol=1e-7)
    assert loss(prediction, target, reduction="none").dtype == dtype


@pytest.mark.parametrize("dtype", [np.float64, np.float32, *HALVES])
@pytest.mark.parametrize("loss", SMOOTH, ids=name)
def test_a_gradient_has_the_dtype_of_its_prediction(loss, dtype, rng):
    prediction, target = sample(loss, rng, dtype=dtype)
    wide = each(lambda a: a.astype(np.float64), prediction)
    truth = target.astype(np.float64) if target.dtype == dtype else target
    step = float(ml_dtypes.finfo(dtype).eps)
    for call in ("value_and_grad", "grad_and_hess"):
        narrow, exact = getattr(loss, call)(prediction, target), getattr(loss, call)(wide, truth)
        for got, expected in zip(parts(narrow[-1]), parts(exact[-1]), strict=True):
            assert got.dtype == dtype
            np.testing.assert_allclose(got.astype(float), expected, rtol=2 * step, atol=step)


@pytest.mark.parametrize("dtype", HALVES)
def test_the_mean_of_many_halves_never_overflows(dtype):
    ones = np.ones(200_000, dtype)
    assert lf.SquaredError()(ones, np.zeros_like(ones)) == 1.0
    assert lf.SquaredError()(ones, np.zeros_like(ones), reduction="sum") == 200_000.0
    large = np.full(3, 300, dtype)
    assert lf.SquaredError()(large, np.zeros_like(large)) == 90_000.0
    logits, labels = np.zeros((70_000, 4), dtype), np.zeros(70_000, int)
    assert lf.CrossEntropy()(logits, labels) == np.float32(np.log(4.0))


@pytest.mark.parametrize("dtype", [np.float32, *HALVES])
@pytest.mark.parametrize("size", [1, 10_000])
def test_what_no_dtype_holds_is_infinite_without_a_warning(dtype, size):
    large = np.full(size, ml_dtypes.finfo(dtype).max)
    for reduction in ("mean", "sum"):
        value = lf.SquaredError()(large, -large, reduction=reduction)
        assert value == np.inf or dtype == np.float16
    assert lf.SquaredError()(large, -large, reduction="none")[0] == np.inf


@pytest.mark.parametrize("loss", ONE, ids=name)
def test_mixed_floats_promote(loss, rng):
    prediction, target = sample(loss, rng)
    prediction = prediction.astype(np.float32)
    terms = loss(prediction, target, reduction="none")
    assert terms.dtype == np.float64
    np.testing.assert_array_equal(terms, loss(prediction.astype(float), target, reduction="none"))
    if loss.differentiable:
        assert loss.value_and_grad(prediction, target)[1].dtype == np.float32


@pytest.mark.covers(52, 91)
@pytest.mark.parametrize("dtype", [np.float32, *HALVES])
def test_integer_targets_follow_the_float_beside_them(dtype):
    prediction = np.array([0.5, 2.0], dtype)
    terms = lf.SquaredError()(prediction, [1, 2], reduction="none")
    assert (terms.dtype, terms.tolist()) == (dtype, [0.25, 0.0])
    assert lf.SquaredError()(prediction, [1, 2]).dtype == np.float32


@pytest.mark.parametrize("dtype", [np.int32, np.uint8, bool])
def test_integer_logits(dtype, rng):
    logits, labels = rng.integers(0, 2, (N, K)).astype(dtype), rng.integers(0, K, N)
    value, gradient = lf.CrossEntropy().value_and_grad(logits, labels)
    expected, slope = lf.CrossEntropy().value_and_grad(logits.astype(float), labels)
    assert (value, gradient.dtype) == (expected, np.float64)
    np.testing.assert_array_equal(gradient, slope)


@pytest.mark.parametrize("loss", POINTWISE + DISTRIBUTIONS, ids=name)
def test_the_two_halves_meet_in_float32(loss, rng):
    prediction, target = sample(loss, rng)
    prediction = each(lambda a: a.astype(ml_dtypes.bfloat16), prediction)
    target = target.astype(np.float16)
    terms = loss(prediction, target, reduction="none", check=False)
    assert terms.dtype == np.float32
    wide = each(lambda a: a.astype(np.float32), prediction)
    np.testing.assert_array_equal(terms, loss(wide, target.astype(np.float32), reduction="none", check=False))
    if loss.differentiable:
        gradient = loss.value_and_grad(prediction, target, check=False)[1]
        assert {part.dtype.name for part in parts(gradient)} == {"bfloat16"}
