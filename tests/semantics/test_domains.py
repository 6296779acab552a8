"""Values outside a loss's domain: the argument, the allowed set and the first offender are named."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.domain import Choice
from lossfn.core.errors import DomainError
from semantics.samples import LOSSES, N, each, name, parts, sample

BOUNDED = [(loss, part) for loss in LOSSES for part in loss.domains()]
IDS = [f"{name(loss)}-{part}" for loss, part in BOUNDED]
CALLS = ["__call__", "value_and_grad", "grad_and_hess", "accumulate"]


def outside(domain):
    """One number on each side of the set that is not in it."""
    if isinstance(domain, Choice):
        return [0.5, 7.0]
    below = [domain.low if domain.low_open else domain.low - 0.5] if domain.low > -np.inf else []
    return below + ([domain.high if domain.high_open else domain.high + 0.5] if domain.high < np.inf else [])


def with_offender(loss, part, value, rng, shape=(N,), place=2):
    """Arguments of which one array has an offender at `place`, and another after it."""
    prediction, target = sample(loss, rng, shape)
    named = dict(zip(loss.predictions, parts(prediction), strict=True)) | {"target": target}
    array = named[part].reshape(-1)
    array[place], array[place + 1] = value, value - 100.0 if value < 0 else value + 100.0
    return prediction, target


@pytest.mark.covers(51, 52)
@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(("loss", "part"), BOUNDED, ids=IDS)
def test_the_first_offender_is_named(loss, part, call, rng):
    if call in CALLS[1:3] and not loss.differentiable:
        call = "__call__"
    domain = loss.domains()[part]
    for value in outside(domain):
        arguments = with_offender(loss, part, value, rng)
        with pytest.raises(DomainError) as caught:
            getattr(loss, call)(*arguments)
        place = "0, 2" if arguments[1].ndim > 1 else "2"
        assert f"{part}: expected values in {domain}, got {float(value)} at position {place}." in str(caught.value)


@pytest.mark.parametrize("reduction", ["mean", "sum", "none"])
@pytest.mark.parametrize(("loss", "part"), BOUNDED, ids=IDS)
def test_every_reduction_checks_and_every_one_can_skip_it(loss, part, reduction, rng):
    value = outside(loss.domains()[part])[0]
    prediction, target = with_offender(loss, part, value, rng)
    with pytest.raises(DomainError):
        loss(prediction, target, reduction=reduction)
    result = loss(prediction, target, reduction=reduction, check=False)
    terms = loss(prediction, target, reduction="none", check=False)
    expected = {"none": terms, "sum": terms.sum(), "mean": terms.mean()}[reduction]
    np.testing.assert_allclose(result, expected, rtol=1e-13)


@pytest.mark.parametrize(("loss", "part"), BOUNDED, ids=IDS)
def test_a_weightless_offender_is_let_be(loss, part, rng):
    value = outside(loss.domains()[part])[0]
    prediction, target = with_offender(loss, part, value, rng, place=4)
    weight = np.array([1.0, 1.0, 1.0, 1.0, 0.0, 0.0])
    if target.ndim > 1:
        weight = np.array([1.0, 0.0, 1.0, 1.0, 1.0, 1.0])
    count = loss.accumulate(prediction, target, sample_weight=weight).count
    assert count == np.count_nonzero(weight)
    weight[:] = 1.0
    with pytest.raises(DomainError):
        loss.accumulate(prediction, target, sample_weight=weight)


@pytest.mark.parametrize(("loss", "part"), BOUNDED, ids=IDS)
def test_members_and_the_closed_ends_are_accepted(loss, part, rng):
    domain = loss.domains()[part]
    ends = [] if isinstance(domain, Choice) else [(domain.low, domain.low_open), (domain.high, domain.high_open)]
    for end, is_open in ends:
        if is_open or not np.isfinite(end):
            continue
        prediction, target = with_offender(loss, part, end, rng)
        array = dict(zip(loss.predictions, parts(prediction), strict=True)).get(part, target)
        array[...] = end
        assert not np.isnan(loss(prediction, target, reduction="none")).any()


def test_the_offender_is_found_in_a_large_batch(rng):
    prediction, target = rng.uniform(0, 1, (300, 400)), rng.uniform(0, 1, (300, 400))
    prediction[250, 7] = 1.5
    with pytest.raises(DomainError, match=r"prediction: expected values in \[0, 1\], got 1.5 at position 250, 7\."):
        lf.BinaryCrossEntropy()(prediction, target)


@pytest.mark.parametrize("dtype", [np.float32, np.float16, ">f8", int])
def test_every_dtype_is_checked(dtype):
    with pytest.raises(DomainError, match=r"got 2.0 at position 1\. Likely cause: logits where probabilities belong"):
        lf.BinaryCrossEntropy()(np.array([0, 2, 1], dtype), [0, 1, 1])


@pytest.mark.parametrize(
    "loss", [lf.BinaryCrossEntropyWithLogits(), lf.BinaryCrossEntropy(), lf.BinaryFocal()], ids=name
)
def test_labels_of_another_kind_are_not_taken_for_logits(loss):
    with pytest.raises(DomainError, match=r"target: .* got -1.0 at position 1\. Likely cause: labels of -1 and 1"):
        loss([0.5, 0.5], [1, -1])


def test_a_single_number_has_no_position():
    with pytest.raises(DomainError, match=r"variance: expected values in \(0, inf\), got -1.0\."):
        lf.GaussianNLL()((0.0, -1.0), 0.0)


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_every_layout_is_checked_alike(loss, rng):
    for part in loss.domains():
        value = outside(loss.domains()[part])[0]
        prediction, target = with_offender(loss, part, value, rng)
        with pytest.raises(DomainError, match=f"{part}: expected values in"):
            loss(each(lambda a: a[::-1], prediction), target[::-1])
    assert loss.domains().keys() <= {*loss.predictions, "target"}


def test_an_amount_of_zero_is_allowed_below_power_two():
    assert np.isfinite(lf.Tweedie(power=1.5)([0.0], [0.0]))
    with pytest.raises(DomainError, match=r"\(0, inf\)"):
        lf.Tweedie(power=2.0)([0.0], [0.0])
