"""Weighted sums of losses are losses: one kernel, the terms keeping their names."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.algebra import DistributionSum, PointwiseSum, RowSum
from lossfn.core.errors import DomainError, OptionError
from semantics.samples import DISTRIBUTIONS, LOSSES, ONE_PREDICTION, N, answers, name, sample

MIXED = 0.7 * lf.Huber(delta=2.0) + 0.3 * lf.AbsoluteError()
CLOSE = {"rtol": 1e-13, "atol": 1e-15}


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_multiple_of_a_loss(loss, rng):
    prediction, target = sample(loss, rng)
    for scaled in (2.5 * loss, loss * 2.5):
        for got, expected in zip(answers(scaled, prediction, target), answers(loss, prediction, target), strict=True):
            np.testing.assert_allclose(got, 2.5 * expected, **CLOSE)


@pytest.mark.covers(145)
@pytest.mark.parametrize("loss", ONE_PREDICTION, ids=name)
def test_a_sum_is_the_sum_of_values_gradients_and_hessians(loss, rng):
    other = next(
        o for o in ONE_PREDICTION if type(o).__mro__[1:3] == type(loss).__mro__[1:3] and reads(o) == reads(loss)
    )
    both = 0.25 * loss + 3.0 * other
    prediction, target = sample(loss, rng)
    options = {"sample_weight": rng.uniform(0, 1, N), "check": False}
    ours = [*answers(both, prediction, target, **options), both(prediction, target, **options)]
    first = [*answers(loss, prediction, target, **options), loss(prediction, target, **options)]
    second = [*answers(other, prediction, target, **options), other(prediction, target, **options)]
    for got, one, two in zip(ours, first, second, strict=True):
        np.testing.assert_allclose(got, 0.25 * one + 3.0 * two, **CLOSE)
    bent = [one.grad_and_hess(prediction, target, check=False)[1] for one in (both, loss, other)]
    np.testing.assert_allclose(bent[0], 0.25 * bent[1] + 3.0 * bent[2], **CLOSE)


def reads(loss):
    return getattr(loss, "takes", None), tuple(loss.inputs)


@pytest.mark.covers(145)
def test_the_terms_keep_their_names():
    assert isinstance(MIXED, PointwiseSum)
    assert repr(MIXED) == "0.7 * Huber(delta=2.0) + 0.3 * AbsoluteError()"
    assert MIXED.terms == ((0.7, lf.Huber(delta=2.0)), (0.3, lf.AbsoluteError()))
    assert repr(2 * (MIXED + lf.LogCosh())) == "1.4 * Huber(delta=2.0) + 0.6 * AbsoluteError() + 2.0 * LogCosh()"
    assert isinstance(lf.CrossEntropy() + lf.ZLoss(), RowSum)
    assert isinstance(lf.KLFromLogits() + lf.JensenShannon(), DistributionSum)


def test_sums_are_values():
    again = 0.7 * lf.Huber(delta=2.0) + 0.3 * lf.AbsoluteError()
    assert (again, hash(again)) == (MIXED, hash(MIXED))
    assert 0.3 * lf.AbsoluteError() + 0.7 * lf.Huber(delta=2.0) != MIXED
    assert sum([lf.Huber(), lf.LogCosh()]) == lf.Huber() + lf.LogCosh()


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
def test_a_reduction_fixed_at_construction_stays(reduction):
    loss = lf.SquaredError(reduction=reduction)
    for made in (2.0 * loss, loss + loss):
        assert made.reduction == reduction
        np.testing.assert_array_equal(made([1.0, 3.0], [0.0, 0.0]), 2 * loss([1.0, 3.0], [0.0, 0.0]))


def test_two_reductions_do_not_add():
    with pytest.raises(OptionError, match="sum of losses: expected one reduction in all terms, got 'mean' and 'sum'"):
        lf.SquaredError() + lf.Huber(reduction="sum")


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (lf.Huber(), lf.CrossEntropy()),
        (lf.CrossEntropy(), lf.KLFromLogits()),
        (lf.CrossEntropy(), lf.NegativeLogLikelihood()),
        (lf.CrossEntropy(), lf.Focal(ignore_index=-1)),
        (lf.SquaredError(), lf.GaussianNLL()),
    ],
    ids=repr,
)
def test_losses_of_different_inputs_do_not_add(one, other):
    message = f"sum of losses: expected losses that read the same inputs, got {name(one)} and {name(other)}"
    with pytest.raises(OptionError, match=rf"{message}\. Try: a\(prediction, target_a\) \+ b"):
        one + other


def test_class_weights_are_shared_or_refused(rng):
    logits, labels, table = rng.normal(size=(N, 2)), rng.integers(0, 2, N), [1.0, 3.0]
    weighted = lf.CrossEntropy(class_weight=table)
    both = weighted + lf.ZLoss()
    divisor = np.array(table)[labels].sum()
    assert both.accumulate(logits, labels).denominator == divisor
    terms = weighted(logits, labels, reduction="none") + lf.ZLoss()(logits, labels, reduction="none")
    np.testing.assert_allclose(both(logits, labels), terms.sum() / divisor, **CLOSE)
    with pytest.raises(OptionError, match="sum of losses: expected one class_weight in all terms that have one"):
        weighted + lf.CrossEntropy(class_weight=[3.0, 1.0])


def test_every_term_guards_its_domain():
    for loss in (lf.BinaryCrossEntropyWithLogits() + lf.Poisson(), lf.Poisson() + lf.BinaryCrossEntropyWithLogits()):
        with pytest.raises(DomainError, match=r"target: expected values in \[0, 1\], got 2.0 at position 0"):
            loss([0.0], [2.0])
    hinges = lf.Hinge() + lf.BinaryCrossEntropyWithLogits()
    with pytest.raises(DomainError, match=r"target: expected values in \{0, 1\}, got 0.5 at position 0"):
        hinges([0.0], [0.5])


@pytest.mark.parametrize("factor", [np.nan, np.inf, "2", None, lf.Huber()])
def test_a_factor_is_a_finite_number(factor):
    with pytest.raises((OptionError, TypeError), match=r"factor: expected a finite|unsupported|multiply"):
        lf.Huber() * factor


def test_numbers_of_numpy_are_factors_and_arrays_are_not():
    for factor in (np.float64(2.0), np.float32(2.0), np.int64(2), 2):
        assert factor * lf.Huber() == lf.Huber() * factor == 2.0 * lf.Huber()
    with pytest.raises(TypeError, match="unsupported operand"):
        np.ones(2) * lf.Huber()


def test_a_term_keeps_its_own_slope_at_a_kink():
    both = lf.Quantile(q=0.9) + 0.0 * lf.Huber()
    assert both.value_and_grad([1.0], [1.0])[1].tolist() == [0.0]
    assert lf.Quantile(q=0.9).value_and_grad([1.0], [1.0])[1].tolist() == [0.0]


def test_a_sum_takes_the_targets_its_terms_take(rng):
    logits, target = rng.normal(size=(N, 3)), rng.dirichlet(np.ones(3), N)
    loss = lf.CrossEntropy(label_smoothing=0.1)
    np.testing.assert_allclose((2.0 * loss)(logits, target), 2.0 * loss(logits, target), **CLOSE)
    with pytest.raises(OptionError, match="sum of losses: expected losses that read the same inputs"):
        (loss + lf.ZLoss())(logits, target)


@pytest.mark.parametrize("other", [1, "Huber", None])
def test_only_losses_add(other):
    with pytest.raises(TypeError, match="unsupported operand"):
        lf.Huber() + other


def test_a_negative_or_zero_factor_is_allowed():
    assert (lf.SquaredError() + -1.0 * lf.AbsoluteError())([3.0], [0.0]) == 6.0
    value, gradient = (0.0 * lf.SquaredError()).value_and_grad([3.0], [0.0])
    assert (value, gradient.tolist()) == (0.0, [0.0])


@pytest.mark.parametrize("loss", DISTRIBUTIONS, ids=name)
def test_the_sum_of_distributions_checks_targets(loss):
    if loss.domains():
        with pytest.raises(DomainError, match="target: expected values in"):
            (loss + loss)(np.zeros((1, 2)), [[-0.5, 1.5]])
    assert (loss + loss).takes == loss.takes
