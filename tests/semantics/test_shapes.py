"""Shapes are never broadcast; the class axis may be any; a batch may have any number of axes."""

import re

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import ShapeError, TargetError
from semantics.samples import LOSSES, OVER_CLASSES, POINTWISE, ROWS, K, N, each, name, parts, sample

CALLS = ["__call__", "value_and_grad", "grad_and_hess", "accumulate"]


@pytest.mark.covers(6, 27, 53)
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_column_beside_a_flat_array_is_refused_with_the_repair(loss, rng):
    prediction, target = sample(loss, rng)
    column = target[..., None]
    for call in CALLS:
        with pytest.raises(ShapeError) as caught:
            getattr(loss, call)(prediction, column)
        for part in ("target: expected", f"shape {target.shape}", f"got shape {column.shape}."):
            assert part in str(caught.value)
        assert str(caught.value).endswith(f"Try: target.reshape({target.shape})")


@pytest.mark.covers(6, 53)
@pytest.mark.parametrize("loss", POINTWISE, ids=name)
def test_nothing_is_broadcast(loss, rng):
    prediction, target = sample(loss, rng)
    for shape in [(), (1,), (N - 1,), (1, N)]:
        with pytest.raises(ShapeError) as caught:
            loss(prediction, np.resize(target, shape))
        assert f"target: expected shape ({N},) like prediction, got shape {shape}." in str(caught.value)
        assert ("Try: target.reshape((6,))" in str(caught.value)) == (shape == (1, N))


@pytest.mark.covers(43, 44)
@pytest.mark.parametrize("shape", [(), (N - 1,), (N, K), (K,)])
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_labels_have_the_shape_of_the_rows(loss, shape, rng):
    prediction, _ = sample(loss, rng)
    with pytest.raises(ShapeError, match=re.escape(f"target: expected labels of shape ({N},), got shape {shape}.")):
        loss(prediction, np.zeros(shape, int))


def test_class_first_logits_are_explained():
    message = "Likely cause: the class axis is the last one unless axis= says otherwise"
    with pytest.raises(ShapeError, match=message):
        lf.CrossEntropy()(np.zeros((2, 3, 5)), np.zeros((2, 5), int))


@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
@pytest.mark.parametrize(("shape", "axis", "expected"), [((), -1, "a class axis"), ((2, 3), 2, "at least 2 dim")])
def test_a_class_axis_must_be_there(loss, shape, axis, expected):
    target = np.zeros(shape[:-1], int) if loss in ROWS else np.zeros(shape)
    with pytest.raises(ShapeError, match=f"prediction: expected .*{expected}"):
        lf.CrossEntropy(label_smoothing=0.1)(np.zeros(shape), np.zeros(shape), axis=axis)
    with pytest.raises(ShapeError, match=f"prediction: expected .*{expected}.*, got shape"):
        loss(np.zeros(shape), target, axis=axis)


@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
def test_a_row_has_at_least_one_class(loss):
    target = np.zeros(3, int) if loss in ROWS else np.zeros((3, 0))
    with pytest.raises(ShapeError, match=r"prediction: expected at least one class, got shape \(0,\)"):
        lf.CrossEntropy(label_smoothing=0.1)([], [])
    with pytest.raises(ShapeError, match=r"prediction: expected at least one class, got shape \(3, 0\)"):
        loss(np.zeros((3, 0)), target)


@pytest.mark.covers(20, 99, 100)
@pytest.mark.parametrize("axis", [0, 1, -2, -3])
@pytest.mark.parametrize("loss", OVER_CLASSES, ids=name)
def test_any_axis_may_hold_the_classes(loss, axis, rng):
    prediction, target = sample(loss, rng, (2, 3))
    expected, slope = loss.value_and_grad(prediction, target, reduction="none")
    moved = np.moveaxis(prediction, -1, axis)
    truth = target if loss in ROWS else np.moveaxis(target, -1, axis)
    terms, gradient = loss.value_and_grad(moved, truth, reduction="none", axis=axis)
    np.testing.assert_array_equal(terms, expected)
    np.testing.assert_array_equal(gradient, np.moveaxis(slope, -1, axis))
    np.testing.assert_array_equal(loss.grad_and_hess(moved, truth, axis=axis)[0], gradient)
    assert loss.accumulate(moved, truth, axis=axis) == loss.accumulate(prediction, target)
    assert loss(moved, truth, axis=axis) == loss(prediction, target)


@pytest.mark.covers(90, 99, 100)
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_batch_of_any_shape_is_its_terms(loss, rng):
    shape = (2, 1, 3)
    prediction, target = sample(loss, rng, shape)
    flat = each(lambda a: a.reshape(-1, *a.shape[3:]), prediction)
    terms = loss(prediction, target, reduction="none")
    assert terms.shape == shape
    np.testing.assert_array_equal(
        terms.reshape(-1), loss(flat, target.reshape(-1, *target.shape[3:]), reduction="none")
    )


@pytest.mark.covers(20, 99)
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_single_term_needs_no_batch(loss, rng):
    prediction, target = sample(loss, rng, (1,))
    one, truth = each(lambda a: a[0], prediction), target[0]
    for reduction in ("mean", "sum", "none"):
        assert np.ndim(loss(one, truth, reduction=reduction)) == 0
        assert loss(one, truth, reduction=reduction) == loss(prediction, target, reduction="sum")
    if loss.differentiable:
        value, gradient = loss.value_and_grad(one, truth)
        assert value == loss(one, truth)
        assert [np.shape(g) for g in parts(gradient)] == [np.shape(p) for p in parts(one)]


@pytest.mark.covers(100)
def test_a_label_may_be_a_plain_number():
    assert lf.CrossEntropy()([0.0, 0.0], 1) == np.log(2.0)
    assert lf.SquaredError()(3, 1) == 4.0


def test_ragged_lists_are_refused():
    with pytest.raises(ShapeError, match="prediction: expected rows of equal length"):
        lf.SquaredError()([[1.0, 2.0], [3.0]], [[1.0, 2.0], [3.0, 4.0]])


@pytest.mark.parametrize("target", [[0.2, 0.8], [[0.2], [0.8]]])
def test_probabilities_need_the_shape_of_the_logits(target):
    with pytest.raises((TargetError, ShapeError), match="target: expected integer labels in"):
        lf.CrossEntropy()([[1.0, 2.0], [3.0, 4.0]], target)


class TestTwoPredictions:
    loss = lf.GaussianNLL()

    @pytest.mark.parametrize("given", [[1.0, 2.0, 3.0], np.ones((2, 3)), (np.ones(3),)])
    def test_both_are_asked_for(self, given):
        with pytest.raises(ShapeError, match=r"prediction: expected a tuple \(mean, variance\), got . array.* Try: "):
            self.loss(given, np.ones(3))

    def test_their_shapes_are_equal(self):
        message = r"variance: expected shape \(3,\) like prediction, got shape \(3, 1\)\..* Try: variance\.reshape"
        with pytest.raises(ShapeError, match=message):
            self.loss((np.ones(3), np.ones((3, 1))), np.ones(3))

    def test_gradients_are_pairs(self):
        value, (of_mean, of_variance) = self.loss.value_and_grad([[1.0], [0.5]], [0.0], reduction="sum")
        assert (of_mean.tolist(), of_variance.tolist()) == ([2.0], [-1.0])
        np.testing.assert_allclose(value, 0.5 * (np.log(0.5) + 2.0))
        gradients, hessians = self.loss.grad_and_hess(([1.0], [0.5]), [0.0])
        assert [g.tolist() for g in gradients] == [[2.0], [-1.0]]
        assert [h.tolist() for h in hessians] == [[2.0], [6.0]]
