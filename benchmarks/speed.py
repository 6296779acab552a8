"""Measure speed and memory against PyTorch, JAX and scikit-learn, and print the tables.

python benchmarks/speed.py [--only NAME] [--quick] [--json FILE] [--write]
"""

from __future__ import annotations

import sys

import one_thread  # noqa: F401  it has to be the first
from catalogue import HEAD, TABLES
from runner import run

if __name__ == "__main__":
    sys.exit(run(__doc__, TABLES, HEAD, "speed.md"))
