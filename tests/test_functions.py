"""The functions of the field against 50-digit numbers, SciPy, and the limits they promise."""

import ml_dtypes
import mpmath as mp
import numpy as np
import pytest
import scipy.special

import lossfn as lf
from lossfn.core.errors import DTypeError, OptionError, ShapeError, TargetError

INF, NAN = np.inf, np.nan
NARROW = [np.float32, np.float16, ml_dtypes.bfloat16]
ROWS = [lf.softmax, lf.log_softmax, lf.logsumexp]
EACH = [lf.sigmoid, lf.log_sigmoid, lf.softplus]

# Row: list of exact logits -> list of exact results.
EXACT_ROWS = {
    lf.softmax: lambda x: [mp.exp(v) / sum(map(mp.exp, x)) for v in x],
    lf.log_softmax: lambda x: [v - mp.log(sum(map(mp.exp, x))) for v in x],
    lf.logsumexp: lambda x: [mp.log(sum(map(mp.exp, x)))],
}
EXACT_EACH = {
    lf.sigmoid: lambda x: 1 / (1 + mp.exp(-x)),
    lf.log_sigmoid: lambda x: -mp.log1p(mp.exp(-x)),
    lf.softplus: lambda x: mp.log1p(mp.exp(x)),
}


def ulps(result, exact, largest=0):
    """Distance in units in the last place of the exact value, or of the largest term if that is larger."""
    info = ml_dtypes.finfo(result.dtype)
    worst = 0.0
    for got, true in zip(result.ravel().tolist(), exact, strict=True):
        size = max(abs(true), mp.mpf(largest), mp.mpf(float(info.tiny)))
        worst = max(worst, float(abs(got - true) / mp.ldexp(1, int(mp.floor(mp.log(size, 2))) - info.nmant)))
    return worst


@pytest.fixture(autouse=True)
def _digits():
    with mp.workdps(400):
        yield


@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("function", EACH)
def test_elementwise_is_within_one_ulp(function, dtype, rng):
    ends = [-104, -88.7, -17, -1, -1e-3, -0.0, 1e-3, 1, 17, 88.7, 104, 3e4, -3e4]
    x = np.concatenate([rng.normal(0, 8, 60), ends]).astype(dtype)
    result = function(x)
    assert result.dtype == dtype
    assert ulps(result, [EXACT_EACH[function](mp.mpf(v)) for v in x.tolist()]) <= 1


@pytest.mark.covers(36, 39, 40, 59, 72)
@pytest.mark.parametrize("dtype", NARROW)
@pytest.mark.parametrize("function", ROWS)
@pytest.mark.parametrize("scale", [1e-3, 1.0, 30.0])
def test_along_an_axis_is_within_one_ulp(function, dtype, scale, rng):
    for row in rng.normal(0, scale, (12, 5)).astype(dtype):
        result = np.asarray(function(row))
        assert result.dtype == dtype
        assert ulps(result, EXACT_ROWS[function]([mp.mpf(v) for v in row.tolist()])) <= 1


@pytest.mark.parametrize("function", [*ROWS, *EACH])
def test_float64_is_accurate(function, rng):
    for row in rng.normal(0, 10, (12, 5)):
        x = [mp.mpf(v) for v in row.tolist()]
        exact = EXACT_ROWS[function](x) if function in ROWS else [EXACT_EACH[function](v) for v in x]
        largest = np.abs(row).max() if function is lf.logsumexp else 0
        limit = 64 if function in (lf.softmax, lf.log_softmax) else 4  # e^x magnifies the rounding of x by its size
        assert ulps(np.asarray(function(row)), exact, largest) <= limit


@pytest.mark.parametrize("gap", [17.0, 40.0, 300.0, 700.0])
def test_log_softmax_of_a_sure_row_keeps_its_digits(gap):
    result = lf.log_softmax([gap, 0.0, 0.0])
    assert ulps(result[:1], [-mp.log1p(2 * mp.exp(-mp.mpf(gap)))]) <= 2


@pytest.mark.covers(9, 57, 58)
@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_agrees_with_scipy(axis, dtype, rng):
    x = rng.normal(0, 5, (3, 4, 5)).astype(dtype)
    wide, close = x.astype(np.float64), {"rtol": 1e-13 if dtype == np.float64 else 1e-7, "atol": 1e-14}
    np.testing.assert_allclose(lf.softmax(x, axis), scipy.special.softmax(wide, axis), **close)
    np.testing.assert_allclose(lf.log_softmax(x, axis), scipy.special.log_softmax(wide, axis), **close)
    np.testing.assert_allclose(lf.logsumexp(x, axis), scipy.special.logsumexp(wide, axis), **close)
    np.testing.assert_allclose(lf.sigmoid(x), scipy.special.expit(wide), **close)
    np.testing.assert_allclose(lf.log_sigmoid(x), scipy.special.log_expit(wide), **close)
    np.testing.assert_allclose(lf.softplus(x), np.logaddexp(wide, 0), **close)


@pytest.mark.covers(10, 13, 37)
@pytest.mark.parametrize(
    ("row", "probabilities", "logs", "total"),
    [
        ([0.0, 0.0, -INF], [0.5, 0.5, 0.0], [-np.log(2), -np.log(2), -INF], np.log(2)),
        ([-INF, -INF], [NAN, NAN], [NAN, NAN], -INF),
        ([INF, 3.0, -INF], [1.0, 0.0, 0.0], [0.0, -INF, -INF], INF),
        ([INF, INF], [0.5, 0.5], [-np.log(2), -np.log(2)], INF),
        ([NAN, 0.0], [NAN, NAN], [NAN, NAN], NAN),
        ([1e308, -1e308], [1.0, 0.0], [0.0, -INF], 1e308),
        ([-1e4, -1e4], [0.5, 0.5], [-np.log(2), -np.log(2)], -1e4 + np.log(2)),
    ],
)
def test_limits_along_an_axis(row, probabilities, logs, total):
    beside = [[1.0] * len(row), row]  # what one row holds does not touch another
    np.testing.assert_array_equal(lf.softmax(beside)[1], probabilities)
    np.testing.assert_allclose(lf.log_softmax(beside)[1], logs, rtol=1e-15)
    np.testing.assert_allclose(lf.logsumexp(beside)[1], total, rtol=1e-15)
    np.testing.assert_allclose(lf.softmax(beside)[0], 1 / len(row))


@pytest.mark.parametrize(
    ("function", "expected"),
    [
        (lf.sigmoid, [0.0, 0.0, 0.5, 1.0, 1.0, NAN]),
        (lf.log_sigmoid, [-INF, -1e4, -np.log(2), 0.0, 0.0, NAN]),
        (lf.softplus, [0.0, 0.0, np.log(2), 1e4, INF, NAN]),
    ],
)
def test_limits_of_the_elementwise_functions(function, expected):
    np.testing.assert_allclose(function([-INF, -1e4, 0.0, 1e4, INF, NAN]), expected, rtol=1e-15)


@pytest.mark.parametrize("shape", [(), (1,), (0,), (0, 3), (3, 0), (2, 0, 4), (2, 3, 4)])
def test_shapes_are_exact(shape):
    x = np.zeros(shape, np.float32)
    for function in (lf.softmax, lf.log_softmax, *EACH):
        assert (function(x).shape, function(x).dtype) == (shape, np.float32)
    for axis in range(-len(shape), len(shape)):
        assert lf.softmax(x, axis).shape == shape
        assert lf.logsumexp(x, axis).shape == tuple(np.delete(shape, axis).tolist())


def test_an_empty_row_sums_to_nothing():
    assert lf.logsumexp(np.zeros((2, 0))).tolist() == [-INF, -INF]


def test_a_scalar_is_one_class():
    assert (lf.softmax(3.0), lf.log_softmax(3.0), lf.logsumexp(3.0)) == (1.0, 0.0, 3.0)
    assert isinstance(lf.sigmoid(0.0), np.float64)
    assert isinstance(lf.logsumexp([0.0]), np.float64)


@pytest.mark.parametrize("function", [*ROWS, *EACH])
@pytest.mark.parametrize("dtype", [np.int8, np.uint8, bool])
def test_integers_are_computed_in_float64(function, dtype):
    x = np.array([[0, 1, 1], [1, 0, 1]], dtype)
    result = function(x)
    assert result.dtype == np.float64
    np.testing.assert_array_equal(result, function(x.astype(np.float64)))


@pytest.mark.parametrize("function", [*ROWS, *EACH])
def test_layout_and_byte_order_do_not_matter(function, rng):
    x = rng.normal(0, 3, (6, 8))
    expected = function(x[::-2, ::2])
    x.setflags(write=False)
    for other in (x[::-2, ::2].astype(">f8"), np.asfortranarray(x[::-2, ::2])):
        np.testing.assert_array_equal(function(other), expected)
        assert function(other).dtype.isnative


@pytest.mark.parametrize("axis", [2, -3])
def test_an_axis_that_is_not_there_is_refused(axis):
    with pytest.raises(ShapeError, match=rf"axis: expected an axis of an array of shape \(2, 3\), got {axis}"):
        lf.softmax(np.zeros((2, 3)), axis)


@pytest.mark.parametrize("bad", [[1j], ["a"], [None], np.ma.masked_array([1.0], [True])])
@pytest.mark.parametrize("function", [*ROWS, *EACH, lambda x: lf.one_hot(x, 2)])
def test_what_is_no_number_is_refused(function, bad):
    with pytest.raises(DTypeError):
        function(bad)


@pytest.mark.covers(60)
@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint8, np.uint64, np.dtype(">i2")])
def test_one_hot_takes_any_integer_dtype(dtype):
    labels = np.array([[2, 0], [1, 2]], dtype)
    hot = lf.one_hot(labels, 4)
    assert hot.dtype == np.float64
    np.testing.assert_array_equal(hot, np.eye(4)[labels.astype(int)])


def test_one_hot_of_bool_scalar_and_nothing():
    assert lf.one_hot([True, False], 2).tolist() == [[0, 1], [1, 0]]
    assert lf.one_hot(1, 3).tolist() == [0, 1, 0]
    assert lf.one_hot([], 3).shape == (0, 3)
    assert lf.one_hot(np.zeros((2, 0), int), 3).shape == (2, 0, 3)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.float32, ml_dtypes.bfloat16])
def test_one_hot_returns_the_dtype_asked_for(dtype):
    hot = lf.one_hot([1, 0], 2, dtype=dtype)
    assert hot.dtype == dtype
    assert hot.astype(int).tolist() == [[0, 1], [1, 0]]


@pytest.mark.covers(60)
@pytest.mark.parametrize(
    ("labels", "message"),
    [
        ([0, -1, -2], "got -1 at position 1"),
        ([0, 2, 3, 4], "got 3 at position 2"),
        ([[0, 1], [1, 7]], "got 7 at position 1, 1"),
        (5, r"got 5\."),
        (np.array([2**63], np.uint64), "got 9223372036854775808 at position 0"),
        ([0.0, 1.0], "got 0.0 of dtype float64 at position 0. Try: labels.astype"),
        ([0.0, 1.5], "got 1.5 of dtype float64 at position 1"),
        ([0.0, NAN], "got nan of dtype float64 at position 1"),
        ([[1.0, INF]], "got inf of dtype float64 at position 0, 1"),
    ],
)
def test_one_hot_names_the_first_bad_label(labels, message):
    with pytest.raises(TargetError, match=r"labels: expected integers in \[0, 3\), " + message):
        lf.one_hot(labels, 3)


@pytest.mark.parametrize("classes", [0, -1, 2.0, "3", None])
def test_one_hot_refuses_a_count_that_is_none(classes):
    with pytest.raises(OptionError, match="classes: expected a whole number of at least 1"):
        lf.one_hot([0], classes)
