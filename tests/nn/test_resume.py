"""Checkpoints: whole or not at all, and enough to go on bit for bit."""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

import lossfn as lf
from lossfn.core.errors import ArgumentError
from lossfn.nn import Adam, Linear, Sequential, Trainer, files
from nn.interrupted import trained, trainer
from nn.stand_ins import Squared

ROUNDS = os.environ.get("LOSSFN_KILLS", "5")  # 200 take a minute


@pytest.mark.skipif(not hasattr(os, "fork"), reason="processes are forked")
def test_a_killed_training_resumes_bit_for_bit(tmp_path):
    program = Path(__file__).with_name("interrupted.py")
    environment = os.environ | {"OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, program, tmp_path, ROUNDS], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    assert int(done.stdout) > 0


def interrupted(path, epochs):
    """Train so many epochs only, as if the process had died then."""
    run = trainer(path)
    run.callbacks = [lambda epoch, figures: epoch == epochs]
    x = np.linspace(-3, 3, 200).reshape(-1, 1)
    run.fit(x, np.sin(x[:, 0]), resume=True)


@pytest.mark.parametrize("epochs", [1, 7])
def test_a_stopped_training_goes_on(epochs, tmp_path):
    tensors, history = trained(None)
    interrupted(tmp_path / "run", epochs)
    again, told = trained(tmp_path / "run")
    assert told == history
    for name, array in tensors.items():
        np.testing.assert_array_equal(array, again[name])


def test_a_training_that_ended_has_nothing_to_resume(tmp_path):
    tensors, history = trained(tmp_path / "run")
    again, told = trained(tmp_path / "run")
    assert told == history
    np.testing.assert_array_equal(tensors["linear4.weight"], again["linear4.weight"])


def test_without_resume_a_training_begins(tmp_path):
    interrupted(tmp_path / "run", 3)
    _, history = trained(tmp_path / "run", resume=False)
    assert history == trained(None)[1]


def test_a_failed_write_leaves_the_old_file(tmp_path, monkeypatch):
    path = tmp_path / "run"
    files.write(path, {"a": np.ones(3)}, {"epoch": 1})
    monkeypatch.setattr("os.fsync", failing)
    with pytest.raises(OSError, match="disk full"):
        files.write(path, {"a": np.zeros(3)}, {"epoch": 2})
    tensors, record = files.read(path)
    assert record == {"epoch": 1}
    np.testing.assert_array_equal(tensors["a"], 1)


def failing(handle):
    raise OSError("disk full")


def test_a_checkpoint_of_another_training_is_refused(tmp_path):
    interrupted(tmp_path / "run", 2)
    other = Trainer(Sequential([Linear(1, 1)]), Squared(), Adam(), checkpoint=tmp_path / "run")
    with pytest.raises(ArgumentError, match="model: expected the model of the checkpoint"):
        other.fit([[1.0]], [1.0], resume=True)


def test_a_checkpoint_of_another_loss_is_refused(tmp_path):
    x, y = np.ones((4, 1)), np.ones(4)
    for loss in (lf.Huber(), Squared(), lf.Huber(delta=2.0)):
        trainer = Trainer(Sequential([Linear(1, 1)]), loss, Adam(), epochs=1, checkpoint=tmp_path / "run")
        trainer.fit(x, y)
        trainer.fit(x, y, resume=True)
    with pytest.raises(ArgumentError, match=r"loss: expected the loss of the checkpoint, Huber\(delta=2.0\)"):
        Trainer(Sequential([Linear(1, 1)]), lf.Huber(), Adam(), checkpoint=tmp_path / "run").fit(x, y, resume=True)


def test_other_files_are_refused(tmp_path):
    (tmp_path / "text").write_text("no tensors")
    save_file({"a": np.ones(1)}, tmp_path / "foreign")
    for name in ("text", "foreign"):
        with pytest.raises(ArgumentError, match="a file that a Trainer wrote"):
            files.read(tmp_path / name)


def test_damaged_files_are_refused_and_leave_the_model(tmp_path):
    path = tmp_path / "run"
    interrupted(path, 2)
    whole = path.read_bytes()
    heads = [whole.index(part) for part in (b"setting", b"history", b"train_loss", b"PCG64", b"steps", b"best/linear0")]
    for place in heads:
        path.write_bytes(whole[:place] + b"_" + whole[place + 1 :])
        again = trainer(path)
        parameters = again.model.parameters.copy()
        with pytest.raises(ArgumentError, match="a file that a Trainer wrote"):
            again.fit([[1.0]], [1.0], resume=True)
        np.testing.assert_array_equal(again.model.parameters, parameters)


@pytest.mark.parametrize("record", ["[]", "{", '{"setting": 1}'])
def test_records_of_others_are_refused(record, tmp_path):
    save_file({"a": np.ones(1)}, tmp_path / "run", {"lossfn": record})
    with pytest.raises(ArgumentError, match="a file that a Trainer wrote"):
        trainer(tmp_path / "run").fit([[1.0]], [1.0], resume=True)


@pytest.mark.parametrize("before", [True, False])
def test_a_resumed_training_has_the_validation_data_it_had(before, tmp_path):
    x = [[1.0], [2.0]]
    held_out = {True: (x, [1.0, 2.0]), False: None}
    model = Sequential([Linear(1, 1)])
    options = {"checkpoint": tmp_path / "run", "progress": False}
    Trainer(model, Squared(), Adam(), epochs=2, **options).fit(x, [1.0, 2.0], held_out[before])
    longer = Trainer(model, Squared(), Adam(), epochs=4, **options)
    with pytest.raises(ArgumentError, match="validation data, as when the checkpoint was written"):
        longer.fit(x, [1.0, 2.0], held_out[not before], resume=True)


def test_a_missing_safetensors_is_said_before_the_training(monkeypatch):
    monkeypatch.setattr("lossfn.nn.files.find_spec", lambda name: None)
    with pytest.raises(ImportError, match="checkpoint"):
        trainer("run")
