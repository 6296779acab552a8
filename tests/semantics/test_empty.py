"""A mean of nothing is 0 with zero gradient, or what the caller asked for: never a silent NaN."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import ArgumentError, OptionError
from semantics.samples import LOSSES, ROWS, SMOOTH, N, name, parts, sample


def nothing(loss, kind, rng):
    """Loss and arguments of a call in which nothing counts."""
    prediction, target = sample(loss, rng, (0,) if kind == "empty" else (N,))
    if kind == "ignored":
        return type(loss)(ignore_index=-1), (prediction, np.full(N, -1)), {}
    return loss, (prediction, target), {"sample_weight": np.zeros(N)} if kind == "weightless" else {}


CASES = [(loss, kind) for loss in LOSSES for kind in ("empty", "weightless")] + [(loss, "ignored") for loss in ROWS]
IDS = [f"{name(loss)}-{kind}" for loss, kind in CASES]


@pytest.mark.parametrize(("loss", "kind"), CASES, ids=IDS)
def test_the_value_of_nothing(loss, kind, rng):
    loss, arguments, options = nothing(loss, kind, rng)
    assert loss(*arguments, **options) == 0.0
    assert np.isnan(loss(*arguments, empty="nan", **options))
    assert loss(*arguments, reduction="sum", empty="error", **options) == 0.0
    assert not loss(*arguments, reduction="none", **options).any()
    message = "batch: expected at least one row that is not ignored and has a weight above 0, got none"
    with pytest.raises(ArgumentError, match=f"{message}.* Try: empty=.zero. or empty=.nan."):
        loss(*arguments, empty="error", **options)


@pytest.mark.parametrize(("loss", "kind"), CASES, ids=IDS)
def test_the_sum_of_nothing_merges(loss, kind, rng):
    loss, arguments, options = nothing(loss, kind, rng)
    part = loss.accumulate(*arguments, **options)
    assert (part.total, part.denominator, part.count) == (0.0, 0.0, 0)
    assert (part.mean(), part + part) == (0.0, part)
    assert np.isnan(part.mean(empty="nan"))
    with pytest.raises(ArgumentError, match="batch: expected at least one row"):
        part.mean(empty="error")


@pytest.mark.parametrize(("loss", "kind"), [case for case in CASES if case[0] in SMOOTH])
def test_the_gradient_of_nothing_is_zero(loss, kind, rng):
    loss, arguments, options = nothing(loss, kind, rng)
    for empty in ("zero", "nan"):
        value, gradient = loss.value_and_grad(*arguments, empty=empty, **options)
        assert np.isnan(value) == (empty == "nan")
        for slope, prediction in zip(parts(gradient), parts(arguments[0]), strict=True):
            np.testing.assert_array_equal(slope, np.zeros_like(prediction))


def test_class_weights_that_sum_to_nothing():
    loss = lf.CrossEntropy(class_weight=[0.0, 1.0])
    value, gradient = loss.value_and_grad([[1.0, 2.0]], [0])
    assert (value, gradient.tolist()) == (0.0, [[0.0, 0.0]])


@pytest.mark.parametrize("batch", [[], [1.0]])
def test_an_unknown_choice_is_refused(batch):
    with pytest.raises(OptionError, match='empty: expected "zero", "nan" or "error", got \'skip\''):
        lf.SquaredError()(batch, batch, empty="skip")


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_empty_batches_of_several_axes(loss, rng):
    for shape in [(0, 3), (3, 0), (2, 0, 4)]:
        prediction, target = sample(loss, rng, shape)
        assert loss(prediction, target) == 0.0
        assert loss(prediction, target, reduction="none").shape == shape
