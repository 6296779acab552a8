"""The examples print what they promise, and draw."""

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from matplotlib import pyplot as plt

EXAMPLES = Path(__file__).parents[2] / "examples"


def printed(name, folder):
    environment = os.environ | {"OMP_NUM_THREADS": "1", "MPLBACKEND": "agg"}
    command, text = [sys.executable, EXAMPLES / f"{name}.py"], {"capture_output": True, "text": True}
    done = subprocess.run(command, cwd=folder, check=False, env=environment, **text)
    assert (done.returncode, done.stderr) == (0, "")
    (picture,) = folder.iterdir()
    assert picture.name == f"{name}.png"
    assert np.ptp(plt.imread(picture)[..., :3]) > 0.9
    return re.findall(r"^(\S.*?)  +(\d.*)$", done.stdout, re.MULTILINE)


def test_models_fitted_to_a_cost_cost_less(tmp_path):
    rows = printed("asymmetric_cost", tmp_path)
    assert [name for name, _ in rows] == ["linear", "boosted trees", "network"]
    for _, figures in rows:
        usual, own = map(float, figures.split())
        assert own < 0.95 * usual


def test_focal_scores_become_probabilities(tmp_path):
    rows = {name: np.array(figures.split(), float) for name, figures in printed("rare_positives", tmp_path)}
    (plain, _, cost), raw, right = (rows[name] for name in ("cross-entropy", "focal", "focal, recalibrated"))
    assert raw[0] == right[0] > plain
    assert raw[1] > 0.05
    assert right[1] == pytest.approx(0.01, abs=0.003)
    assert right[2] < cost < raw[2]


def test_intervals_cover_their_share(tmp_path):
    rows = printed("quantile_intervals", tmp_path)
    assert [share for share, _ in rows] == ["90%", "80%", "50%"]
    for share, figures in rows:
        linear, _, trees, _ = figures.replace("%", "").split()
        assert float(linear) == pytest.approx(float(share[:-1]), abs=5.0)
        assert float(trees) == pytest.approx(float(share[:-1]), abs=8.0)
