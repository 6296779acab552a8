"""Reductions, what a mean divides by, and weights."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.calls import accumulate_and_grad
from lossfn.core.errors import DTypeError, OptionError, ShapeError, WeightError
from semantics.samples import LOSSES, ROWS, SMOOTH, K, N, name, parts, sample

CLOSE = {"rtol": 1e-13, "atol": 1e-15}
TABLES = [loss for loss in ROWS if hasattr(loss, "class_weight")]


@pytest.mark.covers(26, 34, 89, 120)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_sum_and_mean_follow_from_the_terms(loss, weighted, rng):
    prediction, target = sample(loss, rng)
    weight = rng.uniform(0, 2, N) if weighted else np.ones(N)
    options = {"sample_weight": weight} if weighted else {}
    terms = loss(prediction, target, reduction="none")
    np.testing.assert_allclose(loss(prediction, target, reduction="none", **options), terms * weight, **CLOSE)
    np.testing.assert_allclose(loss(prediction, target, reduction="sum", **options), (terms * weight).sum(), **CLOSE)
    mean = (terms * weight).sum() / weight.sum()
    np.testing.assert_allclose(loss(prediction, target, **options), mean, **CLOSE)
    np.testing.assert_allclose(type(loss)(reduction="sum")(prediction, target, **options), mean * weight.sum(), **CLOSE)


@pytest.mark.covers(4, 23)
@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize("loss", SMOOTH, ids=name)
def test_the_gradient_is_that_of_the_reduced_value(loss, reduction, rng):
    prediction, target = sample(loss, rng)
    weight = rng.uniform(0.5, 2, N)
    options = {"sample_weight": weight, "reduction": reduction}
    value, gradient = loss.value_and_grad(prediction, target, **options)
    np.testing.assert_array_equal(value, loss(prediction, target, **options))
    divisor = weight.sum() if reduction == "mean" else 1.0
    for got, expected in zip(parts(gradient), parts(loss.grad_and_hess(prediction, target)[0]), strict=True):
        shaped = weight.reshape(N, *(1,) * (expected.ndim - 1))
        np.testing.assert_allclose(got, expected * shaped / divisor, **CLOSE)


@pytest.mark.parametrize("loss", SMOOTH, ids=name)
def test_weights_multiply_gradient_and_hessian(loss, rng):
    prediction, target = sample(loss, rng)
    weight = rng.uniform(0.5, 2, N)
    plain = loss.grad_and_hess(prediction, target)
    weighted = loss.grad_and_hess(prediction, target, sample_weight=weight)
    for got, expected in zip(weighted, plain, strict=True):
        for one, other in zip(parts(got), parts(expected), strict=True):
            np.testing.assert_allclose(one, other * weight.reshape(N, *(1,) * (other.ndim - 1)), **CLOSE)


@pytest.mark.covers(49)
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_one_weight_per_row_or_per_term(loss, rng):
    prediction, target = sample(loss, rng, (N, 3))
    weight = rng.uniform(0, 2, N)
    spread = np.repeat(weight[:, None], 3, axis=1)
    for reduction in ("mean", "none"):
        per_row = loss(prediction, target, sample_weight=weight, reduction=reduction)
        np.testing.assert_array_equal(per_row, loss(prediction, target, sample_weight=spread, reduction=reduction))
    assert loss.accumulate(prediction, target, sample_weight=weight).denominator == spread.sum()


@pytest.mark.covers(32, 75, 96, 98)
@pytest.mark.parametrize("loss", TABLES, ids=name)
def test_class_weights_divide_a_mean_over_labels(loss, rng):
    prediction, target = sample(loss, rng)
    table, weight = rng.uniform(0.5, 2, K), rng.uniform(0.5, 2, N)
    weighted = type(loss)(class_weight=table)
    divisor = (table[target] * weight).sum()
    terms = loss(prediction, target, reduction="none") * table[target] * weight
    np.testing.assert_allclose(weighted(prediction, target, sample_weight=weight), terms.sum() / divisor, **CLOSE)
    assert weighted.accumulate(prediction, target, sample_weight=weight).denominator == pytest.approx(divisor)


@pytest.mark.covers(33, 97)
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_ignored_rows_do_not_count(loss, rng):
    prediction, target = sample(loss, rng)
    target[[1, 4]] = -100
    kept = target >= 0
    ignoring = type(loss)(ignore_index=-100)
    assert ignoring(prediction, target) == loss(prediction[kept], target[kept])
    terms, gradient = ignoring.value_and_grad(prediction, target, reduction="none")
    assert terms[~kept].tolist() == [0, 0]
    assert not gradient[~kept].any()
    np.testing.assert_array_equal(terms[kept], loss(prediction[kept], target[kept], reduction="none"))
    part = ignoring.accumulate(prediction, target)
    assert (part.denominator, part.count) == (N - 2, N - 2)


def test_an_ignored_label_may_be_a_real_class(rng):
    logits, labels = rng.normal(size=(4, 3)), np.array([0, 1, 2, 1])
    kept = labels != 1
    assert lf.CrossEntropy(ignore_index=1)(logits, labels) == lf.CrossEntropy()(logits[kept], labels[kept])


@pytest.mark.covers(48)
@pytest.mark.parametrize(
    ("weighted", "plain"),
    [
        (lf.Focal(alpha=[1.0, 2.0, 3.0, 4.0]), lf.Focal()),
        (lf.BinaryCrossEntropyWithLogits(pos_weight=3.0), lf.BinaryCrossEntropyWithLogits()),
        (lf.BinaryFocal(alpha=0.25), lf.BinaryFocal()),
    ],
    ids=repr,
)
def test_alpha_and_pos_weight_stay_out_of_the_divisor(weighted, plain, rng):
    prediction, target = sample(plain, rng)
    terms = weighted(prediction, target, reduction="none")
    np.testing.assert_allclose(weighted(prediction, target), terms.sum() / N, **CLOSE)
    assert weighted.accumulate(prediction, target).denominator == N


def test_pos_weight_may_be_one_number_per_column():
    loss = lf.BinaryCrossEntropyWithLogits(pos_weight=[2.0, 3.0], reduction="none")
    assert loss(np.zeros((2, 2)), np.ones((2, 2))).tolist() == [[2 * np.log(2), 3 * np.log(2)]] * 2
    with pytest.raises(ShapeError, match=r"pos_weight: .*got shape \(2,\)"):
        loss(np.zeros((2, 3)), np.ones((2, 3)))


@pytest.mark.covers(71, 98)
@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_probability_targets_divide_by_the_rows(smoothing, rng):
    logits, table = rng.normal(size=(N, K)), rng.uniform(0.5, 2, K)
    target = rng.dirichlet(np.ones(K), N)
    loss = lf.CrossEntropy(class_weight=table, label_smoothing=smoothing)
    smoothed = target * (1 - smoothing) + smoothing / K
    terms = -(smoothed * table * lf.log_softmax(logits)).sum(axis=1)
    np.testing.assert_allclose(loss(logits, target), terms.mean(), **CLOSE)
    assert loss.accumulate(logits, target).denominator == N


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_partial_sums_merge(loss, rng):
    prediction, target = sample(loss, rng)
    rows = [tuple(p[i : i + 2] for p in parts(prediction)) for i in (0, 2, 4)]
    rows = [row if len(row) > 1 else row[0] for row in rows]
    merged = sum(loss.accumulate(row, target[i : i + 2]) for row, i in zip(rows, (0, 2, 4), strict=True))
    whole = loss.accumulate(prediction, target)
    assert (merged.denominator, merged.count) == (whole.denominator, whole.count) == (N, N)
    np.testing.assert_allclose(merged.mean(), loss(prediction, target), **CLOSE)


@pytest.mark.parametrize("call", ["__call__", "value_and_grad"])
@pytest.mark.parametrize("reduction", ["avg", "MEAN", ""])
def test_an_unknown_reduction_is_refused(call, reduction):
    message = f'reduction: expected "mean", "sum" or "none", got \'{reduction}\''
    with pytest.raises(OptionError, match=message):
        getattr(lf.SquaredError(), call)([1.0], [0.0], reduction=reduction)
    with pytest.raises(OptionError, match=r"SquaredError\(reduction=\): expected one of 'mean', 'sum', 'none'"):
        lf.SquaredError(reduction=reduction)


@pytest.mark.parametrize(
    ("weight", "got"),
    [([1, -1, 1], "-1.0 at position 1"), ([1, 1, np.nan], "nan at position 2"), ([np.inf, 1, 1], "inf at position 0")],
)
def test_weights_are_finite_and_not_negative(weight, got):
    with pytest.raises(WeightError, match=f"sample_weight: expected finite numbers >= 0, got {got}"):
        lf.SquaredError()([1.0, 2.0, 3.0], [0.0] * 3, sample_weight=weight)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_weights_of_another_shape_are_refused(loss, rng):
    prediction, target = sample(loss, rng, (5, 3))
    for shape in [(), (2,), (3,), (2, 1), (1, 3), (3, 2)]:
        with pytest.raises(ShapeError) as caught:
            loss(prediction, target, sample_weight=np.ones(shape))
        assert f"sample_weight: expected shape (5, 3) or (5,), got shape {shape}." in str(caught.value)


@pytest.mark.parametrize("weight", [["a"], [1j], np.ma.masked_array([1.0], [True])])
def test_weights_are_numbers(weight):
    with pytest.raises(DTypeError, match="sample_weight: expected"):
        lf.SquaredError()([1.0], [0.0], sample_weight=weight)


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint64, np.float16, ">f4"])
def test_weights_of_any_dtype(dtype):
    weight = np.array([0, 1, 1], dtype)
    assert lf.SquaredError()([9.0, 2.0, 3.0], [0.0] * 3, sample_weight=weight) == 6.5


@pytest.mark.parametrize("loss", SMOOTH, ids=name)
@pytest.mark.parametrize("reduction", ["mean", "sum"])
@pytest.mark.parametrize("weighted", [False, True])
def test_a_step_of_training_takes_one_pass(loss, rng, reduction, weighted):
    loss = type(loss)(reduction=reduction)
    prediction, target = sample(loss, rng)
    weight = rng.uniform(0.5, 2, N) if weighted else None
    part, gradient = accumulate_and_grad(loss, prediction, target, weight)
    assert part == loss.accumulate(prediction, target, sample_weight=weight)
    _, expected = loss.value_and_grad(prediction, target, sample_weight=weight)
    for got, want in zip(parts(gradient), parts(expected), strict=True):
        np.testing.assert_array_equal(got, want)


@pytest.mark.parametrize("other", [3, 0.5, "x", None])
def test_only_sums_are_merged(other):
    part = lf.Huber().accumulate([1.0], [0.0])
    with pytest.raises(TypeError, match="unsupported operand"):
        part + other
