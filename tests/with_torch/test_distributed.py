"""Losses on several ranks of torch.distributed equal those on one: one launch runs all cases."""

import pytest

from peers import peer

pytestmark = pytest.mark.peer
peer("torch")
launched = peer("with_torch.launched")
MODULES, RANKS = [f"with_torch.over_{what}" for what in ("rows", "classes", "meshes")], 4


@pytest.fixture(scope="module")
def told(tmp_path_factory):
    return launched.launch(MODULES, RANKS, tmp_path_factory.mktemp("ranks"))


@pytest.mark.parametrize("name", launched.cases(MODULES))
def test_ranks_agree_with_one(name, told):
    assert [problem for problem in told[name] if problem] == []
