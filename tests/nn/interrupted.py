"""Trainings killed at random moments, each resumed until it ends; run as a program, for it forks."""

import contextlib
import os
import signal
import sys
import time
from pathlib import Path

import numpy as np

import lossfn
from lossfn.nn import Adam, BatchNorm, Dropout, Linear, Sequential, Tanh, Trainer
from lossfn.nn.schedules import Cosine


def trainer(checkpoint):
    """Everything that has a state: averages of layers and optimizer, two generators, a schedule, the best epoch."""
    model = Sequential([Linear(1, 8), BatchNorm(8), Tanh(), Dropout(0.2), Linear(8, 1)], seed=0)
    options = {"epochs": 12, "patience": 8, "schedule": Cosine(12), "checkpoint": checkpoint, "progress": False}
    return Trainer(model, lossfn.SquaredError(), Adam(0.02), **options)


def trained(checkpoint, resume=True):
    """All tensors after the training, and the history."""
    x = np.linspace(-3, 3, 200).reshape(-1, 1)
    run = trainer(checkpoint)
    history = run.fit(x, np.sin(x[:, 0]), resume=resume)
    return run.model.tensors(), history


def killed(checkpoint, after):
    """Whether a training died before its end."""
    child = os.fork()
    if child == 0:
        trained(checkpoint)
        os._exit(0)
    time.sleep(after)
    with contextlib.suppress(ProcessLookupError):
        os.kill(child, signal.SIGKILL)
    return os.waitpid(child, 0)[1] != 0


def main(folder, rounds):
    """Print how many trainings were killed, having found every end the same."""
    generator, deaths = np.random.default_rng(), 0
    tensors, history = trained(folder / "whole.safetensors")
    start = time.perf_counter()
    trained(folder / "timed.safetensors")  # with kernels that are there, as those to be killed have
    length = time.perf_counter() - start
    for round_ in range(rounds):
        path = folder / f"{round_}.safetensors"
        while killed(path, generator.uniform(0, 1.2 * length)):
            deaths += 1
        again, told = trained(path)
        assert told == history, f"round {round_}: another history"
        for name, array in tensors.items():
            assert array.tobytes() == again[name].tobytes(), f"round {round_}: {name} differs"
    sys.stdout.write(f"{deaths}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]))
