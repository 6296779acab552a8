"""Small calls over classes give the bits of the long way, and leave to it what only it can do."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core import shortcut
from lossfn.core.errors import TargetError

LOSSES = [
    lf.CrossEntropy(),
    lf.CrossEntropy(ignore_index=-100, label_smoothing=0.1),
    lf.Focal(reduction="sum"),
    lf.CrossEntropy() + lf.ZLoss(),
    lf.NegativeLogLikelihood(),
]
# Columns beside each other, in rows; more rows than one block; the ends of what is small.
SHAPES = [(100, 3), (1, 3), (1024, 3), (1025, 3), (2730, 3), (2731, 3), (10, 200), (16, 200), (17, 200), (1, 8192)]


def answers(loss, x, y):
    part = loss.accumulate(x, y)
    return loss(x, y), *loss.value_and_grad(x, y), part.total, part.denominator


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16])
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_both_ways_give_the_same_bits(loss, dtype, shape, rng, monkeypatch):
    x, y = rng.normal(0, 3, shape).astype(dtype), rng.integers(0, shape[1], shape[0])
    if loss.ignore_index is not None:
        y[::3] = loss.ignore_index
    short = answers(loss, x, y)
    monkeypatch.setattr(shortcut, "_pass", lambda *_: None)
    for got, expected in zip(short, answers(loss, x, y), strict=True):
        np.testing.assert_array_equal(got, expected)
        assert np.asarray(got).dtype == np.asarray(expected).dtype


@pytest.mark.parametrize("class_weight", [[1.0, 2.0, 0.5], 0.25])
def test_class_weights_are_heeded(class_weight, rng):
    loss, x, y = lf.CrossEntropy(class_weight=class_weight), rng.normal(0, 1, (5, 3)), np.array([0, 1, 2, 1, 0])
    assert loss(x, y) == loss(x, y, sample_weight=np.ones(5))


@pytest.mark.parametrize("axis", [0, 1, -1, -2])
def test_a_class_axis_is_heeded(axis, rng):
    x, y = rng.normal(0, 1, (6, 6)), rng.integers(0, 6, 6)
    expected = lf.CrossEntropy()(np.ascontiguousarray(np.moveaxis(x, axis, 1)), y)
    assert lf.CrossEntropy()(x, y, axis=axis) == expected


def test_a_label_out_of_range_is_named():
    with pytest.raises(TargetError, match="7 at row 2"):
        lf.CrossEntropy()(np.zeros((4, 3)), np.array([0, 1, 7, 2]))


@pytest.mark.parametrize("loss", [lf.CrossEntropy(), lf.Focal(), lf.Huber()], ids=repr)
def test_small_calls_take_the_short_way(loss, rng):
    over_classes = hasattr(loss, "ignore_index")
    x = rng.normal(0, 1, (5, 3) if over_classes else 5)
    y = np.array([0, 1, 2, 1, 0]) if over_classes else rng.normal(0, 1, 5)
    assert shortcut.value(loss, x, y, "mean", -1, True) == loss(x, y)
    assert shortcut.value_and_grad(loss, x, y, "mean", -1, True, None) is not None
    assert shortcut.value(loss, x, y, "none", -1, True) is None
