"""TensorBoard reads what the callback writes."""

import subprocess
import sys

import numpy as np
import pytest

from lossfn.nn import TensorBoard
from peers import peer


@pytest.mark.covers(107)
@pytest.mark.peer
def test_tensorboard_reads_the_figures(tmp_path):
    accumulator = peer("tensorboard.backend.event_processing.event_accumulator")
    board = TensorBoard(tmp_path / "run")
    for epoch in (1, 2):
        board(epoch, {"train_loss": 1 / epoch, "valid_mse": 3.0})
    events = accumulator.EventAccumulator(str(tmp_path / "run")).Reload()
    assert sorted(events.Tags()["scalars"]) == ["loss/train", "mse/valid"]
    read = events.Scalars("loss/train")
    assert [event.step for event in read] == [1, 2]
    np.testing.assert_allclose([event.value for event in read], [1, 0.5])


@pytest.mark.peer
def test_no_framework_is_loaded(tmp_path):
    peer("tensorboard")
    program = (
        "import sys; from lossfn.nn import TensorBoard; "
        f"TensorBoard({str(tmp_path)!r})(1, {{'train_loss': 1.0}}); "
        "assert not {'torch', 'tensorflow'} & set(sys.modules)"
    )
    subprocess.run([sys.executable, "-W", "ignore", "-c", program], check=True)


def test_a_missing_tensorboard_is_said(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorboard.compat.proto.event_pb2", None)
    with pytest.raises(ImportError, match="tensorboard"):
        TensorBoard(tmp_path)
