"""Every loss keeps every law."""

import pytest

from conftest import SEED
from every_loss.variants import variants
from lossfn.core.registry import REGISTRY
from lossfn.explanation.laws import LAWS, results

LOSSES = variants()


@pytest.mark.covers(4, 14, 23, 66, 87, 90, 125, 127, 146)
@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("loss", LOSSES, ids=repr)
def test_law_holds(loss, law):
    (result,) = results(loss, (law,), seed=SEED)
    assert result.passed, result.detail


def test_every_class_is_tried():
    assert {type(loss) for loss in LOSSES} >= set(REGISTRY.values())
