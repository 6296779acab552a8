"""Every planted fault is caught, by the law that forbids it."""

import pytest

from every_loss import (  # noqa: F401  # fill the table
    faulty_arrays,
    faulty_calls,
    faulty_engines,
    faulty_formulas,
    faulty_numerics,
    faulty_rules,
)
from every_loss.planting import FAULTS
from lossfn.core.dispatch import using
from lossfn.explanation.laws import LAWS, results


@pytest.mark.parametrize("name", FAULTS)
def test_fault_is_caught(name, monkeypatch):
    fault = FAULTS[name]
    fault.plant(monkeypatch)
    with using(fault.engine):
        (result,) = results(fault.loss(), (fault.law,))
    assert not result.passed
    assert not result.detail.startswith("raised"), result.detail


def test_every_law_catches_a_fault():
    assert {fault.law for fault in FAULTS.values()} == set(LAWS)
