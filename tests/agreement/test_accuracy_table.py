"""The peers of the accuracy table compute the same losses: most of their results are right to a few units."""

import os

import pytest

import lossfn as lf
from lossfn.explanation.accuracy import accuracies, peers
from peers import peer

pytestmark = pytest.mark.peer

peer("torch")
peer("optax")
os.environ.setdefault("KERAS_BACKEND", "torch")
peer("keras")
CASES = [(title, name) for title, (_, module) in peers.LIBRARIES.items() for name in module.NAMES]


@pytest.mark.parametrize(("title", "name"), CASES, ids=str)
def test_a_peer_has_the_same_loss(title, name):
    found = [one for one in accuracies(name, lf.get(name)) if one.by == title]
    assert {one.what for one in found} == {"value", "gradient"}
    for one in found:
        if (title, one.dtype, one.what) != ("Keras", "float64", "value"):  # its means are float32
            assert one.within >= 0.5, one
