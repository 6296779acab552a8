"""Probabilities where a loss expects logits are told of once, and nothing else is."""

import warnings

import ml_dtypes
import numpy as np
import pytest

import lossfn as lf
from lossfn.core import logits
from lossfn.core.errors import LogitsWarning

BINARY = [lf.BinaryCrossEntropyWithLogits(), lf.BinaryFocal(), lf.SoftMargin()]
OVER_CLASSES = [lf.CrossEntropy(), lf.Focal(), lf.CrossEntropy() + lf.ZLoss()]
N, K = 200, 5


@pytest.fixture(autouse=True)
def nothing_told(monkeypatch):
    monkeypatch.setattr(logits, "told", set())


def scores(rng, dtype=np.float64):
    return rng.normal(0, 4, (N, K)).astype(dtype)


def probabilities(rng, dtype=np.float64):
    return lf.softmax(scores(rng) / 4).astype(dtype)


def labels(rng, classes=K):
    return rng.integers(0, classes, N)


def sigmoids(rng):
    return 1 / (1 + np.exp(-rng.normal(0, 8, N)))


@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.float16, ml_dtypes.bfloat16])
@pytest.mark.parametrize("loss", OVER_CLASSES, ids=repr)
def test_softmax_before_a_softmax_is_told(loss, dtype, rng):
    with pytest.warns(LogitsWarning, match=r"got rows of positive numbers that add up to 1.*a softmax before"):
        loss(probabilities(rng, dtype), labels(rng))


@pytest.mark.parametrize("loss", BINARY, ids=repr)
@pytest.mark.parametrize("size", [N, 20_000])
def test_sigmoid_before_a_sigmoid_is_told(loss, size, rng):
    p, t = (np.resize(x, size) for x in (sigmoids(rng), labels(rng, 2)))
    with pytest.warns(LogitsWarning, match="got numbers in .0, 1. that crowd at both ends.*a sigmoid before"):
        loss.value_and_grad(p, t)


@pytest.mark.parametrize(
    "ask",
    [
        lambda loss, x, t: loss(x, t),
        lambda loss, x, t: loss(x, t, exact=True),
        lambda loss, x, t: loss.value_and_grad(x, t),
        lambda loss, x, t: loss.grad_and_hess(x, t),
        lambda loss, x, t: loss.accumulate(x, t),
        lambda loss, x, t: loss(np.moveaxis(x, 1, 0), t, axis=0),
    ],
)
def test_every_question_looks(ask, rng):
    with pytest.warns(LogitsWarning):
        ask(lf.CrossEntropy(), probabilities(rng), labels(rng))


def test_it_is_told_once_for_each_class_of_loss_where_the_call_stands(rng):
    p, y = probabilities(rng), labels(rng)
    with warnings.catch_warnings(record=True) as heard:
        warnings.simplefilter("always")
        for loss, t in ((lf.CrossEntropy(), y), (lf.CrossEntropy(label_smoothing=0.1), y), (lf.KLFromLogits(), p)):
            loss(p, t)
            loss(p, t)
    assert [one.filename for one in heard] == [__file__, __file__]
    assert logits.told == {lf.CrossEntropy, lf.KLFromLogits}


def test_check_false_does_not_look(rng):
    lf.CrossEntropy()(probabilities(rng), labels(rng), check=False)


@pytest.mark.parametrize(
    "given",
    [
        scores,
        lambda rng: np.log(probabilities(rng)),  # the softmax of which is itself
        lambda rng: np.full((N, K), 1 / K),  # an untrained model
        lambda rng: np.eye(K)[labels(rng)],
        lambda rng: rng.random((N, K)),
        lambda rng: probabilities(rng) * 2,
        lambda rng: np.where(np.arange(N)[:, None] == 3, scores(rng), probabilities(rng)),
    ],
)
def test_logits_of_classes_are_not_told_of(given, rng):
    lf.CrossEntropy()(given(rng), labels(rng))


@pytest.mark.parametrize(
    "given",
    [
        lambda rng: rng.random(N),
        lambda rng: rng.uniform(0.2, 0.6, N),
        lambda rng: rng.normal(0, 4, N),
        lambda rng: np.append(sigmoids(rng)[1:], 1.5),
        lambda rng: sigmoids(rng)[: logits.LEAST - 1],
    ],
)
def test_logits_of_two_classes_are_not_told_of(given, rng):
    x = given(rng)
    lf.BinaryCrossEntropyWithLogits()(x, labels(rng, 2)[: len(x)])


def test_losses_that_take_probabilities_are_content(rng):
    lf.BinaryCrossEntropy()(sigmoids(rng), labels(rng, 2))
    lf.SquaredError()(sigmoids(rng), labels(rng, 2))
    lf.NegativeLogLikelihood()(probabilities(rng), labels(rng))
    lf.KLDivergence()(probabilities(rng), probabilities(rng))
