"""Libraries that define the same losses but are not in the `test` extra.

A test against one of them is skipped where it is missing, unless `LOSSFN_REQUIRE` (names separated by commas)
demands it: then its absence is an error.
"""

import importlib
import os
import warnings
from types import ModuleType

import pytest

REQUIRED = frozenset(filter(None, os.environ.get("LOSSFN_REQUIRE", "").split(",")))


def peer(name: str) -> ModuleType:
    """Import the library `name`, or skip the calling test or module."""
    if name.partition(".")[0] not in REQUIRED:
        return pytest.importorskip(name, reason=f"{name} is not installed")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what a peer says about its own imports is not ours to mend
        return importlib.import_module(name)
