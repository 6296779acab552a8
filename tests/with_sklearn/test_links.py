"""Losses of scores, and what a prediction stands for."""

import numpy as np
import pytest
from scipy.special import expit

import lossfn as lf
from lossfn.core.answers import kind, number, probability
from lossfn.core.domain import REAL
from lossfn.core.kinds import Distribution, Pointwise
from lossfn.core.links import into, of_scores
from lossfn.engines.reference import M
from semantics.samples import LOSSES, K, N, name

TRAINED = [loss for loss in [*LOSSES, 0.5 * lf.BinaryCrossEntropy() + lf.BinaryCrossEntropy()] if loss.differentiable]


def drawn(loss, rng):
    """Scores on the whole line, and targets."""
    if isinstance(loss, Pointwise):
        scores = [rng.normal(0, 1, N) for _ in loss.predictions]
        return scores[0] if len(scores) == 1 else tuple(scores), loss.domains().get("target", REAL).sample(rng, (N,))
    target = rng.dirichlet(np.ones(K), N) if isinstance(loss, Distribution) else rng.integers(0, K, N)
    return rng.normal(0, 1, (N, K)), target


def mapped(loss, scores):
    """What the loss itself takes."""
    if not isinstance(loss, Pointwise):
        return lf.log_softmax(scores) if loss.takes == "log_probs" else scores
    parts = scores if isinstance(scores, tuple) else (scores,)
    taken = [into(M, loss.domains().get(n, REAL), s) for n, s in zip(loss.predictions, parts, strict=True)]
    return tuple(taken) if len(taken) > 1 else taken[0]


@pytest.mark.parametrize("loss", TRAINED, ids=name)
def test_a_loss_of_scores_is_the_loss_of_what_they_become(loss, rng):
    scores, target = drawn(loss, rng)
    expected = loss(mapped(loss, scores), target, reduction="none")
    np.testing.assert_allclose(of_scores(loss)(scores, target, reduction="none"), expected, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("loss", TRAINED, ids=name)
def test_slopes_and_curvature_in_the_scores_are_those_of_the_value(loss, rng):
    seen, (scores, target) = of_scores(loss), drawn(loss, rng)
    change, step = rng.normal(0, 1, np.shape(scores)), 1e-5
    ahead, back = (_moved(scores, way * step * change) for way in (1.0, -1.0))
    slope = np.stack(seen.value_and_grad(scores, target, reduction="sum")[1])
    total = seen(ahead, target, reduction="sum") - seen(back, target, reduction="sum")
    np.testing.assert_allclose((slope * change).sum(), total / (2 * step), rtol=1e-5, atol=1e-6)
    if len(seen.predictions) == 1 and isinstance(seen, Pointwise):
        bent = seen.grad_and_hess(scores, target)[1] * change
        turned = seen.grad_and_hess(ahead, target)[0] - seen.grad_and_hess(back, target)[0]
        np.testing.assert_allclose(bent, turned / (2 * step), rtol=1e-4, atol=1e-5)


def _moved(scores, change):
    return tuple(s + c for s, c in zip(scores, change, strict=True)) if isinstance(scores, tuple) else scores + change


def test_a_probability_keeps_its_digits_through_the_logit():
    value, gradient = of_scores(lf.BinaryCrossEntropy()).value_and_grad([40.0, -40.0], [1.0, 0.0], reduction="none")
    np.testing.assert_allclose(value, np.exp(-40.0), rtol=1e-12)
    np.testing.assert_allclose(gradient, [-np.exp(-40.0), np.exp(-40.0)], rtol=1e-12)


def test_weights_of_classes_and_ignored_labels_pass_the_link(rng):
    scores, labels = rng.normal(0, 1, (9, 3)), np.array([0, 1, 2, 1, 0, 2, 1, 0, 0])
    options = {"class_weight": [1.0, 2.0, 0.5], "ignore_index": 1}
    linked = of_scores(lf.NegativeLogLikelihood(**options))
    np.testing.assert_allclose(linked(scores, labels), lf.CrossEntropy(**options)(scores, labels), rtol=1e-12)


@pytest.mark.parametrize(
    ("loss", "expected"),
    [
        (lf.Poisson(), np.exp(0.3)),
        (lf.Tweedie(), np.exp(0.3)),
        (lf.Huber(), 0.3),
        (lf.Quantile(q=0.9), 0.3),
        (lf.SquaredLogError(), -1 + np.log1p(np.exp(0.3))),
        (0.5 * lf.Poisson() + 0.5 * lf.Poisson(), np.exp(0.3)),
        (lf.BinaryCrossEntropyWithLogits(), expit(0.3)),
    ],
    ids=repr,
)
def test_numbers_are_those_a_loss_estimates(loss, expected):
    np.testing.assert_allclose(number(M, loss, np.array([0.3])), [expected], rtol=1e-14)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.8])
@pytest.mark.parametrize("loss", [loss for loss in TRAINED if kind(loss) == "two classes"], ids=repr)
def test_the_best_constant_reads_as_the_share_of_the_label_1(loss, share):
    read = probability(loss)
    if read is None or "sharpened" in loss.estimates:
        assert "sign" in loss.estimates or "sharpened" in loss.estimates
        return
    seen, score = of_scores(loss), np.linspace(-3, 3, 60001)
    one, zero = (seen(score, np.full(score.shape, label), reduction="none") for label in (1.0, 0.0))
    best = score[np.argmin(share * one + (1 - share) * zero)]
    assert read(M, best) == pytest.approx(share, abs=1e-3)
