"""Threads: chosen by the caller, and never seen in a result."""

import numpy as np
import pytest

import lossfn as lf
from lossfn.core import threads
from lossfn.core.errors import OptionError
from semantics.samples import LOSSES, answers, name, sample


@pytest.fixture(autouse=True)
def _restore(monkeypatch):
    monkeypatch.setitem(threads._setting, "threads", 0)
    monkeypatch.delenv("LOSSFN_NUM_THREADS", raising=False)


def test_the_caller_decides_then_the_environment_then_the_machine(monkeypatch):
    machine = lf.get_num_threads()
    assert machine >= 1
    monkeypatch.setenv("LOSSFN_NUM_THREADS", "3")
    assert lf.get_num_threads() == 3
    lf.set_num_threads(2)
    assert lf.get_num_threads() == 2


@pytest.mark.parametrize("given", ["", "0", "-2", "many"])
def test_a_setting_that_is_no_count_is_passed_over(given, monkeypatch):
    machine = lf.get_num_threads()
    monkeypatch.setenv("LOSSFN_NUM_THREADS", given)
    assert lf.get_num_threads() == machine


@pytest.mark.parametrize("count", [0, -1, 1.5, "2", None, True])
def test_a_count_is_a_whole_number_of_at_least_one(count):
    with pytest.raises(OptionError, match="threads: expected a whole number >= 1, got "):
        lf.set_num_threads(count)


@pytest.mark.parametrize("loss", [lf.Huber(), lf.CrossEntropy(), lf.KLFromLogits()], ids=name)
def test_results_do_not_depend_on_them(loss, rng):
    assert loss in LOSSES
    prediction, target = sample(loss, rng, (150_000,) if loss == lf.Huber() else (30_000,))
    results = []
    for count in (1, 2, 5):
        lf.set_num_threads(count)
        results.append([*answers(loss, prediction, target), loss(prediction, target)])
    for result in results[1:]:
        for got, expected in zip(result, results[0], strict=True):
            np.testing.assert_array_equal(got, expected)
