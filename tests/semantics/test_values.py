"""A loss is a value: frozen, hashable, comparable, picklable, with a repr that makes it again."""

import copy
import pickle
from dataclasses import FrozenInstanceError, fields

import numpy as np
import pytest

import lossfn as lf
from lossfn.core.registry import REGISTRY, snake_case
from semantics.samples import LOSSES, name, sample

ENGINES = ["native"]  # what a loss is does not depend on who computes it
CHANGED = [
    lf.Huber(delta=2.0),
    lf.Quantile(q=0.9, reduction="sum"),
    lf.Hinge(labels="pm1"),
    lf.CrossEntropy(class_weight=[1.0, 2.0], ignore_index=-100, label_smoothing=0.1),
    lf.Focal(alpha=[0.5, 0.5], gamma=1.5),
    lf.Barron(alpha=-2.0),
    lf.KLDivergence(log_target=True),
    0.5 * lf.Huber() + 2.0 * lf.Quantile(q=0.9),
]


@pytest.mark.parametrize("duplicate", [copy.copy, copy.deepcopy, lambda loss: pickle.loads(pickle.dumps(loss))])
@pytest.mark.parametrize("loss", [*LOSSES, *CHANGED], ids=repr)
def test_a_copy_is_equal(loss, duplicate):
    other = duplicate(loss)
    assert other == loss
    assert hash(other) == hash(loss)
    assert repr(other) == repr(loss)


@pytest.mark.parametrize("loss", [*LOSSES, *CHANGED], ids=repr)
def test_the_repr_makes_an_equal_loss(loss):
    assert eval(repr(loss), {cls.__name__: cls for cls in REGISTRY.values()}) == loss


def test_losses_differ_by_class_and_by_every_option():
    every = [*LOSSES, *CHANGED, lf.Huber(delta=3.0), lf.CrossEntropy(class_weight=[2.0, 1.0])]
    assert len(set(every)) == len(every)
    assert lf.Huber() != "Huber"
    assert lf.Huber(reduction="sum") != lf.Huber()
    assert lf.CrossEntropy(class_weight=[1, 2]) == lf.CrossEntropy(class_weight=np.array([1.0, 2.0]))


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_nothing_can_be_changed_later(loss):
    for spec in fields(loss):
        with pytest.raises(FrozenInstanceError):
            setattr(loss, spec.name, None)


def test_arrays_are_copied_read_only():
    given = np.array([1.0, 2.0])
    loss = lf.CrossEntropy(class_weight=given)
    given[:] = 0.0
    assert loss.class_weight.tolist() == [1.0, 2.0]
    with pytest.raises(ValueError, match="read-only"):
        loss.class_weight[0] = 5.0


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_a_loss_that_was_used_is_still_a_value(loss, rng):
    used = type(loss)()
    value = used(*sample(loss, np.random.default_rng(0)))
    assert used == loss
    assert pickle.loads(pickle.dumps(used))(*sample(loss, np.random.default_rng(0))) == value


@pytest.mark.parametrize("loss", LOSSES, ids=name)
def test_every_loss_is_found_by_name(loss):
    written = type(loss).__name__
    for spelling in (written, snake_case(written), written.upper(), snake_case(written).replace("_", "-")):
        assert lf.get(spelling) == loss
    assert getattr(lf, written) is type(loss)
    assert snake_case(written) in lf.list_losses()
    assert written in dir(lf)
