"""CatBoost's blocks take a short way; whatever is not as CatBoost hands it over takes the long one."""

import numpy as np
import pytest

import lossfn as lf
from lossfn import boosting
from lossfn.core.errors import ArgumentError, DomainError, ShapeError

LOSSES = [lf.BinaryCrossEntropyWithLogits(), lf.Quantile(0.9), lf.Huber(0.5), lf.Poisson()]


def begun(loss, rows=300):
    """An objective that has seen a block, and that block."""
    rng = np.random.default_rng(0)
    scores, labels = rng.normal(size=rows), np.float32(rng.integers(0, 2, rows))
    objective = boosting.catboost(loss)
    return objective, scores, labels, objective.calc_ders_range(scores, labels, None)


def forbid(monkeypatch):
    def refuse(*_):
        raise AssertionError("the long way")

    monkeypatch.setattr(boosting.blocks.CatBoost, "derivatives", refuse)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_usual_blocks_take_the_short_way_to_the_same_bits(loss, monkeypatch):
    objective, scores, labels, first = begun(loss)
    forbid(monkeypatch)
    found = objective.calc_ders_range(scores[100:], labels[100:], None)
    assert found.shape == (200, 2)
    np.testing.assert_allclose(found, first[100:], rtol=4e-16)


UNUSUAL = {
    "wide labels": lambda x, y: (x, np.float64(y)),
    "strided": lambda x, y: (np.repeat(x, 2)[::2], np.repeat(y, 3)[::3]),
    "read-only": lambda x, y: (np.frombuffer(x.tobytes()), y),
    "lists": lambda x, y: (x.tolist(), y.tolist()),
    "many": lambda x, y: (np.tile(x, 40), np.tile(y, 40)),
}


@pytest.mark.parametrize("change", UNUSUAL.values(), ids=UNUSUAL)
def test_unusual_blocks_take_the_long_way(change, monkeypatch):
    objective, scores, labels, first = begun(lf.Quantile(0.9))
    given = change(scores, labels)
    np.testing.assert_allclose(objective.calc_ders_range(*given, None)[:300], first, rtol=4e-16)
    forbid(monkeypatch)
    with pytest.raises(AssertionError, match="the long way"):
        objective.calc_ders_range(*given, None)


@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_a_first_block_without_weight_tells_nothing(loss):
    _, scores, labels, _ = begun(loss)
    objective, weights = boosting.catboost(loss), np.linspace(0.5, 2.0, len(scores))
    assert not objective.calc_ders_range(scores + 1.0, labels, np.zeros(len(scores))).any()
    first = boosting.catboost(loss).calc_ders_range(scores, labels, weights)
    np.testing.assert_array_equal(objective.calc_ders_range(scores, labels, weights), first)


def test_a_short_way_reports_what_is_wrong():
    objective, scores, labels, _ = begun(lf.Poisson())
    for error, words, bad in [(ArgumentError, "row 3", np.nan), (ArgumentError, "row 3", 800.0)]:
        spoilt = np.where(np.arange(300) == 3, bad, scores)
        with pytest.raises(error, match=words):
            objective.calc_ders_range(spoilt, labels, None)
    with pytest.raises(DomainError, match="target"):
        objective.calc_ders_range(scores, -1.0 - labels, None)
    with pytest.raises(ShapeError):
        objective.calc_ders_range(scores, labels[:9], None)
