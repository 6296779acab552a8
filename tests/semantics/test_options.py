"""Hyperparameters are checked by name and value when a loss is made."""

from dataclasses import fields

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.errors import OptionError, ShapeError, UnknownLossError
from lossfn.core.registry import ELSEWHERE
from semantics.samples import LOSSES, ROWS, K, N, name, sample
from semantics.test_domains import outside

ENGINES = ["native"]  # options are checked before any engine runs
BOUNDED = [(loss, spec) for loss in LOSSES for spec in fields(loss) if spec.metadata["domain"] is not None]
CHOSEN = [(loss, spec) for loss in LOSSES for spec in fields(loss) if spec.metadata["choices"] is not None]


def named(pairs):
    return [f"{name(loss)}-{spec.name}" for loss, spec in pairs]


@pytest.mark.covers(97)
@pytest.mark.parametrize(("loss", "spec"), BOUNDED, ids=named(BOUNDED))
def test_a_number_outside_its_domain_is_refused(loss, spec):
    domain = spec.metadata["domain"]
    for value in [*outside(domain), np.nan, "much", [[1.0]]]:
        with pytest.raises(OptionError) as caught:
            type(loss)(**{spec.name: value})
        assert f"{name(loss)}({spec.name}=): expected a number" in str(caught.value)
        assert f"in {domain}" in str(caught.value)
        assert str(caught.value).endswith(f"got {value!r}.")


@pytest.mark.parametrize(("loss", "spec"), CHOSEN, ids=named(CHOSEN))
def test_a_value_that_is_no_choice_is_refused(loss, spec):
    allowed = ", ".join(map(repr, spec.metadata["choices"]))
    for value in ("other", None, 2):
        with pytest.raises(OptionError) as caught:
            type(loss)(**{spec.name: value})
        assert str(caught.value) == f"{name(loss)}({spec.name}=): expected one of {allowed}, got {value!r}."


@pytest.mark.parametrize(("loss", "spec"), BOUNDED, ids=named(BOUNDED))
def test_numbers_of_any_type_are_stored_as_float(loss, spec):
    domain = spec.metadata["domain"]
    inside = next(x for x in (0.5, 1.0) if x in domain)
    for number in (inside, np.float32(inside), np.array(inside)):
        stored = getattr(type(loss)(**{spec.name: number}), spec.name)
        assert stored == inside
        assert isinstance(stored, np.ndarray if spec.metadata["array"] else float)


@pytest.mark.parametrize(("loss", "spec"), BOUNDED, ids=named(BOUNDED))
def test_none_is_a_number_only_where_it_has_a_meaning(loss, spec):
    if spec.default is None:
        assert getattr(type(loss)(**{spec.name: None}), spec.name) is None
        return
    with pytest.raises(OptionError, match=rf"{name(loss)}\({spec.name}=\): expected a number in .*, got None"):
        type(loss)(**{spec.name: None})


@pytest.mark.covers(97)
@pytest.mark.parametrize("loss", ROWS, ids=name)
@pytest.mark.parametrize("value", [1.5, "a", np.nan, True, [1]])
def test_an_ignored_label_is_a_whole_number(loss, value):
    with pytest.raises(OptionError, match=rf"{name(loss)}\(ignore_index=\): expected a whole number or None, got "):
        type(loss)(ignore_index=value)
    assert type(loss)(ignore_index=np.int32(-1)) == type(loss)(ignore_index=-1)


@pytest.mark.parametrize("table", [[1.0], np.ones(K + 1), np.ones(0)])
@pytest.mark.parametrize("made", [lf.CrossEntropy, lf.NegativeLogLikelihood])
def test_class_weights_match_the_classes(made, table, rng):
    loss = made(class_weight=table)
    message = rf"class_weight: expected one number for each of {K} classes, got shape \({len(table)},\)"
    with pytest.raises(ShapeError, match=message):
        loss(*sample(loss, rng))
    assert made(class_weight=2.0)(np.zeros((N, K)), np.zeros(N, int)) == made()(np.zeros((N, K)), np.zeros(N, int))


def test_class_weights_match_the_classes_of_probabilities():
    with pytest.raises(ShapeError, match=r"class_weight: expected one number for each of 3 classes, got shape \(2,\)"):
        lf.CrossEntropy(class_weight=[1.0, 2.0])(np.zeros((2, 3)), np.full((2, 3), 1 / 3))


@pytest.mark.parametrize("table", [[1.0, -1.0], [np.nan, 1.0], [1.0, np.inf], np.ones((2, 2)), ["a", "b"]])
def test_class_weights_are_numbers_that_are_not_negative(table):
    message = r"CrossEntropy\(class_weight=\): expected a number or one number in \[0, inf\) per class, got "
    with pytest.raises(OptionError, match=message):
        lf.CrossEntropy(class_weight=table)


@pytest.mark.parametrize(
    ("asked", "meant"),
    [
        ("hubber", "Huber"),
        ("crossentropy_loss", "CrossEntropy"),
        ("mean_squared_error", "SquaredError"),
        ("mse", "SquaredError"),
        ("MAE_loss", "AbsoluteError"),
        ("bce", "BinaryCrossEntropyWithLogits or BinaryCrossEntropy"),
        ("kl", "KLDivergence or KLFromLogits"),
        ("nll", "NegativeLogLikelihood"),
    ],
)
def test_an_unknown_loss_gets_a_hint(asked, meant):
    with pytest.raises(UnknownLossError, match=f"unknown loss '{asked}'. Did you mean .*{meant}"):
        lf.get(asked)


def test_hints_name_losses_that_exist():
    for names in ELSEWHERE.values():
        assert all(hasattr(lf, known) for known in names)


def test_an_ignored_label_needs_labels():
    with pytest.raises(OptionError, match="ignore_index: expected None, got -1 beside a target of probabilities"):
        lf.CrossEntropy(ignore_index=-1)([[0.0, 0.0]], [[0.5, 0.5]])


@pytest.mark.parametrize("axis", [None, 1.5, "x"])
@pytest.mark.parametrize("loss", [lf.CrossEntropy(), lf.KLFromLogits(), lf.Focal()], ids=repr)
def test_an_axis_is_a_whole_number(loss, axis):
    with pytest.raises(OptionError, match="axis: expected a whole number, got "):
        loss([[0.0, 0.0]], [0], axis=axis)


def test_a_name_like_no_other():
    with pytest.raises(UnknownLossError, match=r"unknown loss 3\."):
        lf.get(3)
    with pytest.raises(UnknownLossError, match=r"unknown loss 'xyzzy'\. lossfn\.list_losses\(\) names them all"):
        lf.get("xyzzy")
    with pytest.raises(AttributeError, match="module 'lossfn' has no attribute 'Xyzzy'"):
        lf.Xyzzy  # noqa: B018  # the access is what is tested


def test_an_unknown_option_names_the_known_ones():
    message = r"Huber\(detla=\): expected one of: reduction, delta, got 'detla'"
    with pytest.raises(OptionError, match=message):
        lf.get("huber", detla=2.0)
    assert lf.get("huber", delta=2.0, reduction="sum") == lf.Huber(delta=2.0, reduction="sum")


def test_every_error_can_be_caught_by_one_name():
    with pytest.raises(lf.LossfnError):
        lf.Huber(delta=-1.0)
