"""Rows that do not count may hold anything; NaN stays in its row; a masked class costs nothing."""

import numpy as np
import pytest

import lossfn as lf
from semantics.samples import DISTRIBUTIONS, LOSSES, ROWS, SMOOTH, K, N, answers, each, joined, name, parts, sample

INF, NAN = np.inf, np.nan
OF_LOGITS = [loss for loss in ROWS if loss.takes == "logits"]
UNBOUNDED = ["CrossEntropy", "Focal", "PolyCrossEntropy"]  # losses that a probability of 0 makes infinite
OTHERS = [0, 1, 2, 4, 5]


def spoilt(prediction, row, value):
    """The same prediction with one row overwritten."""
    copies = each(np.copy, prediction)
    for array in parts(copies):
        array[row] = value
    return copies


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1e308])
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_weightless_row_may_hold_anything(loss, value, rng):
    prediction, target = sample(loss, rng)
    weight = np.ones(N)
    weight[3] = 0.0
    clean = answers(loss, prediction, target, sample_weight=weight)
    if loss not in ROWS:
        target = spoilt(target, 3, value)
    dirty = answers(loss, spoilt(prediction, 3, value), target, sample_weight=weight)
    assert np.isfinite(loss(spoilt(prediction, 3, value), target, sample_weight=weight))
    for got, expected in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(got, expected)
        assert not got[3].any()


@pytest.mark.parametrize("value", [NAN, INF, -INF, 1e308])
@pytest.mark.parametrize("loss", ROWS, ids=name)
def test_an_ignored_row_may_hold_anything(loss, value, rng):
    prediction, target = sample(loss, rng)
    target[3] = -1
    loss = type(loss)(ignore_index=-1)
    clean = loss.value_and_grad(prediction, target)
    dirty = loss.value_and_grad(spoilt(prediction, 3, value), target)
    assert dirty[0] == clean[0]
    np.testing.assert_array_equal(dirty[1], clean[1])
    assert not dirty[1][3].any()


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_nan_in_a_prediction_stays_in_its_row(loss, dtype, rng):
    prediction, target = sample(loss, rng, dtype=dtype)
    clean, dirty = answers(loss, prediction, target), answers(loss, spoilt(prediction, 3, NAN), target)
    for got, expected in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(got[OTHERS], expected[OTHERS])
    assert np.isnan(dirty[0][3])
    assert np.isnan(loss(spoilt(prediction, 3, NAN), target))
    if loss.differentiable and getattr(loss, "takes", "logits") == "logits":
        assert all(np.isnan(slope[3]).all() for slope in dirty[1:])


@pytest.mark.parametrize("loss", [loss for loss in LOSSES if loss not in ROWS], ids=name)
def test_nan_in_a_target_stays_in_its_row(loss, rng):
    prediction, target = sample(loss, rng)
    clean = answers(loss, prediction, target)
    dirty = answers(loss, prediction, spoilt(target, 3, NAN), check=False)
    for got, expected in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(got[OTHERS], expected[OTHERS])
    assert np.isnan(dirty[0][3])


@pytest.mark.parametrize("smoothing", [0.0, 0.1])
def test_a_masked_class_costs_nothing(smoothing, rng):
    logits, labels = rng.normal(size=(N, K)), rng.integers(0, K - 1, N)
    logits[:, K - 1] = -INF
    loss = lf.CrossEntropy(label_smoothing=smoothing, reduction="none")
    value, gradient = loss.value_and_grad(logits, labels)
    logs = lf.log_softmax(logits[:, :-1])
    expected = -(1 - smoothing) * logs[np.arange(N), labels] - smoothing / K * logs.sum(axis=1)
    np.testing.assert_allclose(value, expected, rtol=1e-14)
    assert gradient[:, K - 1].tolist() == [0.0] * N
    assert np.isfinite(gradient).all()


@pytest.mark.covers(74)
@pytest.mark.parametrize("loss", OF_LOGITS, ids=name)
def test_masked_classes_leave_every_row_loss_finite(loss, rng):
    logits, labels = rng.normal(size=(N, K)), rng.integers(0, 2, N)
    logits[:, 2:] = -INF
    value, gradient = loss.value_and_grad(logits, labels, reduction="none")
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert not gradient[:, 2:].any()
    assert all(np.isfinite(part).all() for part in loss.grad_and_hess(logits, labels))


@pytest.mark.parametrize("loss", OF_LOGITS, ids=name)
def test_a_label_on_a_masked_class(loss):
    logits = np.array([[0.0, -INF, 1.0], [0.0, 1.0, 2.0]])
    value, gradient = loss.value_and_grad(logits, [1, 1], reduction="none")
    assert (value[0] == INF) == (name(loss) in UNBOUNDED)
    assert not np.isnan(value).any()
    np.testing.assert_array_equal(value[1], loss(logits[1], 1))
    np.testing.assert_array_equal(gradient[1], loss.value_and_grad(logits[1], 1)[1])


def test_the_slope_at_a_masked_label_is_that_of_the_softmax():
    gradient = lf.CrossEntropy().value_and_grad([[0.0, -INF, 0.0]], [1])[1]
    assert gradient.tolist() == [[0.5, -1.0, 0.5]]


@pytest.mark.parametrize("loss", [*DISTRIBUTIONS, lf.CrossEntropy(), lf.CrossEntropy(label_smoothing=0.1)], ids=repr)
def test_a_masked_class_with_target_zero_costs_nothing(loss, rng):
    scores, target = rng.normal(size=(N, K)), rng.dirichlet(np.ones(K), N)
    target[:, -1] = 0.0
    target /= target.sum(axis=1, keepdims=True)
    if getattr(loss, "takes", "") == "log_probs":
        scores = lf.log_softmax(scores)
    scores[:, -1] = -INF
    value, gradient = loss.value_and_grad(scores, target, reduction="none")
    assert np.isfinite(value).all()
    assert np.isfinite(gradient).all()
    assert not gradient[:, -1].any()


def test_infinite_logits_follow_their_limits():
    loss = lf.BinaryCrossEntropyWithLogits(reduction="none")
    value, gradient = loss.value_and_grad([INF, -INF, INF, -INF], [1, 0, 0, 1])
    assert value.tolist() == [0.0, 0.0, INF, INF]
    assert gradient.tolist() == [0.0, 0.0, 1.0, -1.0]


@pytest.mark.covers(131)
def test_impossible_probabilities_cost_infinity():
    value, gradient = lf.BinaryCrossEntropy(reduction="none").value_and_grad([0.0, 1.0, 0.0, 1.0], [1, 0, 0, 1])
    assert value.tolist() == [INF, INF, 0.0, 0.0]
    assert gradient.tolist() == [-INF, INF, 1.0, -1.0]


@pytest.mark.covers(13, 37)
def test_equal_logits_of_any_size():
    for size in (0.0, 1e8, 1e300):
        np.testing.assert_allclose(lf.CrossEntropy()(np.full((1, 3), size), [0]), np.log(3.0), rtol=1e-15)


def test_a_row_of_masked_classes_only_is_nan():
    value = lf.CrossEntropy(reduction="none")([[-INF, -INF], [0.0, 0.0]], [0, 0])
    np.testing.assert_allclose(value, [NAN, np.log(2.0)])


@pytest.mark.parametrize("loss", SMOOTH, ids=name)
def test_infinity_in_a_prediction_stays_in_its_row(loss, rng):
    prediction, target = sample(loss, rng)
    clean = answers(loss, prediction, target)
    rows = joined([spoilt(array, 3, INF) for array in parts(prediction)])
    dirty = answers(loss, rows, target, check=False)
    for got, expected in zip(dirty, clean, strict=True):
        np.testing.assert_array_equal(got[OTHERS], expected[OTHERS])


@pytest.mark.parametrize("classes", [3, 100])
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("loss", OF_LOGITS, ids=name)
def test_infinity_beside_the_label(loss, dtype, classes):
    logits = np.zeros((2, classes), dtype)
    logits[0, 0] = INF
    terms = loss(logits, [1, 1], reduction="none")
    assert (terms[0] == INF) == (name(loss) in [*UNBOUNDED, "ZLoss"])
    assert np.isfinite(terms[1])
    if name(loss) in UNBOUNDED:
        assert loss(logits, [1, 1]) == INF
        assert loss.value_and_grad(logits, [1, 1])[0] == INF


@pytest.mark.parametrize("classes", [3, 100])
@pytest.mark.parametrize("loss", [loss for loss in OF_LOGITS if name(loss) != "ZLoss"], ids=name)
def test_infinity_at_the_label_costs_nothing(loss, classes):
    logits = np.zeros((1, classes))
    logits[0, 0] = INF
    value, gradient = loss.value_and_grad(logits, [0])
    assert value == 0.0
    assert not gradient.any()


@pytest.mark.parametrize("classes", [3, 100])
def test_infinity_beside_a_class_of_the_target(classes):
    logits, target = np.zeros((1, classes)), np.zeros((1, classes))
    logits[0, 0], target[0, 1] = INF, 1.0
    assert lf.CrossEntropy()(logits, target) == INF
    assert lf.KLFromLogits()(logits, target) == INF


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("gamma", [0.0, 1.0, 2.0, 2.5, 5.0])
def test_a_sure_wrong_logit_has_the_slope_of_a_straight_line(gamma, dtype):
    x, t = np.array([INF, -INF, INF, -INF, 800.0, -800.0], dtype), np.array([0, 1, 1, 0, 0, 1], dtype)
    value, gradient = lf.BinaryFocal(gamma=gamma).value_and_grad(x, t, reduction="none")
    hessian = lf.BinaryFocal(gamma=gamma).grad_and_hess(x, t)[1]
    np.testing.assert_array_equal(value, [INF, INF, 0, 0, 800, 800])
    np.testing.assert_array_equal(gradient, [1, -1, 0, 0, 1, -1])
    np.testing.assert_array_equal(hessian, 0)
