"""The examples of torch's companions run as they stand, and say what they promise."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from peers import peer

pytestmark = pytest.mark.peer
EXAMPLES = Path(__file__).parents[2] / "examples"


def printed(library):
    peer(library)
    one_thread = os.environ | {"OMP_NUM_THREADS": "1"}
    program = [sys.executable, str(EXAMPLES / f"with_{library}.py")]
    done = subprocess.run(program, capture_output=True, text=True, check=False, env=one_thread)
    assert done.returncode == 0, done.stderr
    return [float(number) for number in re.findall(r"\d+\.\d+", done.stdout)]


def test_skorch_cross_validates_a_loss_torch_lacks():
    assert min(printed("skorch")) > 0.85


@pytest.mark.covers(142)
def test_lightning_trains_and_merges_its_batches():
    first, last = printed("lightning")
    assert last < 0.9 * first
