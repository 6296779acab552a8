"""Arrays of more elements than 32 bits count."""

import numpy as np
import pytest

import lossfn as lf


@pytest.mark.long
def test_more_than_two_to_the_31_elements(tmp_path):
    count = 2**31 + 64
    zeros = np.memmap(tmp_path / "sparse", np.float16, "w+", shape=(count,))  # a hole: no page is written
    zeros[-1] = 3.0
    assert lf.SquaredError()(zeros, zeros) == 0.0
    hole = np.memmap(tmp_path / "hole", np.float16, "w+", shape=(count,))
    assert lf.SquaredError()(zeros, hole, reduction="sum") == 9.0
    labels = np.memmap(tmp_path / "labels", np.int64, "w+", shape=(count // 16,))
    labels[-1] = 15
    value = lf.CrossEntropy()(zeros.reshape(-1, 16), labels, reduction="sum")
    last = np.log(15 + np.exp(3.0)) - 3.0
    np.testing.assert_allclose(value, (len(labels) - 1) * np.log(16.0) + last, rtol=1e-6)
