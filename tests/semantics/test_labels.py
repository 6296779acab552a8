"""Labels: any integer dtype and bool; a bad one is named, and nothing is read out of bounds."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import DomainError, ShapeError, TargetError
from semantics.samples import ROWS, K, N, name, sample

INTEGERS = [bool, *"bBhHiIqQ", ">i2", ">u8"]
CALLS = ["__call__", "value_and_grad", "grad_and_hess", "accumulate"]


@pytest.mark.covers(43)
@pytest.mark.parametrize("dtype", INTEGERS)
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_labels_of_any_integer_dtype(loss, dtype, rng):
    prediction, target = sample(loss, rng, classes=2)
    value, gradient = loss.value_and_grad(prediction, target.astype(dtype))
    expected, slope = loss.value_and_grad(prediction, target)
    assert value == expected
    np.testing.assert_array_equal(gradient, slope)


@pytest.mark.covers(19, 43)
@pytest.mark.parametrize("bad", [K, -1, -K, -100, 2**40, -(2**62)])
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_the_first_bad_label_is_named(loss, bad, rng):
    prediction, target = sample(loss, rng)
    target[[2, 4]] = bad, K + 7
    for call in CALLS:
        with pytest.raises(TargetError) as caught:
            getattr(loss, call)(prediction, target)
        assert f"target: expected labels in [0, {K}), got {bad} at row 2." in str(caught.value)
        assert "ignore_index" in str(caught.value)


@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_a_bad_label_beside_a_nan_is_still_named(loss, rng):
    prediction, target = sample(loss, rng)
    prediction[1], target[3] = np.nan, K
    with pytest.raises(TargetError, match=f"got {K} at row 3"):
        loss(prediction, target)


@pytest.mark.parametrize("bad", [2**63, 2**64 - 1])
def test_an_unsigned_label_is_named_as_it_is(bad):
    with pytest.raises(TargetError, match=f"got {bad} at row 1"):
        lf.CrossEntropy(ignore_index=-1)(np.zeros((2, 3)), np.array([0, bad], np.uint64))


@pytest.mark.parametrize("bad", [K, -1, 2**40])
@pytest.mark.parametrize("loss", [loss for loss in ROWS if not hasattr(loss, "class_weight")], ids=name)
def test_unchecked_bad_labels_spoil_their_row_only(loss, bad, rng):
    prediction, target = sample(loss, rng)
    expected = loss(prediction, target, reduction="none")
    target[2] = bad
    terms = loss(prediction, target, reduction="none", check=False)
    assert np.isnan(terms[2])
    np.testing.assert_array_equal(np.delete(terms, 2), np.delete(expected, 2))


@pytest.mark.covers(19, 42)
@pytest.mark.parametrize("label", [1.0, 0.5, np.nan, np.inf])
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_labels_are_never_floats(loss, label, rng):
    prediction, target = sample(loss, rng)
    given = np.full(N, label)
    message = rf"target: expected integer labels in \[0, {K}\), got {label} of dtype float64\. Try: target\.astype"
    with pytest.raises(TargetError, match=message):
        loss(prediction, given)
    assert loss(prediction, target) == loss(prediction, target.tolist())


@pytest.mark.parametrize("bad", [K, -1, 2**40])
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_the_label_of_a_weightless_row_is_not_read(loss, bad, rng):
    prediction, target = sample(loss, rng)
    weight = np.ones(N)
    weight[2] = 0.0
    expected, slope = loss.value_and_grad(prediction, target, sample_weight=weight)
    target[2] = bad
    value, gradient = loss.value_and_grad(prediction, target, sample_weight=weight)
    assert value == expected
    np.testing.assert_array_equal(gradient, slope)


@pytest.mark.parametrize("classes", [3, 200])
def test_a_bad_label_counts_as_its_row_does(classes):
    scores, labels = np.zeros((3, classes)), [1, classes, 2]
    loss = lf.CrossEntropy(reduction="sum")
    assert loss(scores, labels, sample_weight=[1.0, 0.0, 2.0]) == pytest.approx(3 * np.log(classes))
    with pytest.raises(TargetError, match="at row 1"):
        loss(scores, labels, sample_weight=[1.0, 1.0, 2.0])


def test_an_exact_sum_can_skip_the_check():
    assert np.isnan(lf.CrossEntropy()([[0.0, 0.0]], [7], exact=True, check=False))


@pytest.mark.parametrize("weight", [None, [1.0, 0.0]])
def test_class_weights_are_read_for_rows_that_count_only(weight):
    loss = lf.CrossEntropy(class_weight=[1.0, 3.0])
    labels = [1, 0 if weight is None else 7]
    divisor = 4.0 if weight is None else 3.0
    assert loss([[0.0, 0.0]] * 2, labels, sample_weight=weight, reduction="sum") == pytest.approx(divisor * np.log(2))
    assert loss([[0.0, 0.0]] * 2, labels, sample_weight=weight) == pytest.approx(np.log(2))
    with pytest.raises(TargetError, match="7"):
        loss([[0.0, 0.0]] * 2, [1, 7], sample_weight=[0.0, 1.0] if weight else None)


@pytest.mark.parametrize(
    ("labels", "target", "allowed"),
    [("01", [1, 2], "{0, 1}"), ("01", [0.5, 1], "{0, 1}"), ("01", [-1, 1], "{0, 1}"), ("pm1", [0, 1], "{-1, 1}")],
)
def test_margin_labels_are_not_guessed(labels, target, allowed):
    with pytest.raises(DomainError) as caught:
        lf.Hinge(labels=labels)([0.5, 0.5], target)
    assert f"target: expected values in {allowed}, got" in str(caught.value)
    assert "labels=" in str(caught.value)


@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_labels_written_one_hot_name_the_way_out(loss, rng):
    prediction, target = sample(loss, rng)
    with pytest.raises(ShapeError, match=r"labels written one-hot. Try: target\.argmax\(axis=-1\), or .*astype\(float"):
        loss(prediction, np.eye(K, dtype=int)[target])


@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_a_column_of_labels_of_one_class_is_not_called_one_hot(loss):
    with pytest.raises(ShapeError, match=r"a column of labels. Try: target\.reshape\(\(3,\)\)"):
        loss(np.zeros((3, 1)), np.zeros((3, 1), int))
