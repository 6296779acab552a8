"""Seeds: fixed, printed, and changed with `LOSSFN_SEED`, so that a failure can be repeated."""

import os
import zlib

import numpy as np
import pytest
from hypothesis import settings

SEED = int(os.environ.get("LOSSFN_SEED", "0"))

settings.register_profile("lossfn", deadline=None, derandomize=True, print_blob=True)
settings.load_profile("lossfn")


def pytest_report_header():
    return f"seed: {SEED}"


@pytest.fixture
def rng(request):
    """Random numbers that depend on the seed and the test, not on the order of tests."""
    return np.random.default_rng([SEED, zlib.crc32(request.node.nodeid.encode())])


@pytest.fixture
def one_thread():
    """OpenMP on one thread: on busy cores small trees wait for their threads longer than they grow."""
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1):
        yield
