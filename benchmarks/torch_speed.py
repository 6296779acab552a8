"""Measure losses on tensors, forward and backward, against PyTorch eager and compiled, and print the tables.

python benchmarks/torch_speed.py [--only NAME] [--quick] [--json FILE] [--write]
"""

from __future__ import annotations

import sys

import one_thread  # noqa: F401  it has to be the first
from runner import run
from torch_catalogue import HEAD, TABLES

if __name__ == "__main__":
    sys.exit(run(__doc__, TABLES, HEAD, "torch_speed.md"))
