"""The example of a cost of one's own."""

import os
import re
import subprocess
import sys
from pathlib import Path

EXAMPLE = Path(__file__).parents[2] / "examples" / "asymmetric_cost.py"


def test_models_fitted_to_a_cost_cost_less():
    environment = os.environ | {"OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, EXAMPLE], capture_output=True, text=True, check=False, env=environment)
    assert (done.returncode, done.stderr) == (0, "")
    rows = re.findall(r"^([a-z ]+?) +([\d.]+) +([\d.]+)$", done.stdout, re.MULTILINE)
    assert [name for name, _, _ in rows] == ["linear", "boosted trees", "network"]
    for _, usual, own in rows:
        assert float(own) < 0.95 * float(usual)
