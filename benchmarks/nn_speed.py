"""The training part against torch: steps and whole trainings, one thread, taking turns in one process.

A step is forward, loss, backward and a step of SGD. Before it is timed, both sides have the same weights and agree
in the loss. The clock counts the processor's time.
"""

from __future__ import annotations

import one_thread  # isort: skip

import argparse
from collections.abc import Callable
from dataclasses import dataclass
from time import process_time

import numpy as np
import torch
from facts import facts
from nn_networks import cifar, dense, twin
from timing import FULL, QUICK, Budget, interleave, median, ratio

import lossfn as lf
from lossfn.nn import SGD, Adam, Dataset, ReLU, Sequential, Tanh, Trainer, digits, from_arrays, sine, spiral
from lossfn.nn.schedules import Cosine

RATE = 1e-3


@dataclass(frozen=True)
class Work:
    """A step: the network, a batch, the loss here and there, and how often torch must take as long."""

    name: str
    model: Sequential
    x: np.ndarray
    y: np.ndarray
    losses: tuple[lf.Loss, torch.nn.Module]
    least: float
    turn: int = 1


def works() -> list[Work]:
    """Return the steps of the table."""
    rng = np.random.default_rng(0)
    squares, classes = (lf.SquaredError(), torch.nn.MSELoss()), (lf.CrossEntropy(), torch.nn.CrossEntropyLoss())
    x = rng.uniform(-6, 6, (64, 1)).astype(np.float32)
    found = [Work("sine 1-64-64-1, batch 64", dense([1, 64, 64, 1], Tanh), x, np.sin(x), squares, 5.0, 20)]
    x, y = rng.normal(size=(64, 784)).astype(np.float32), rng.integers(0, 10, 64)
    found.append(Work("MLP 784-256-10, batch 64", dense([784, 256, 10], ReLU), x, y, classes, 1.4, 10))
    for batch, least in ((1, 1.2), (64, 0.9), (256, 0.95)):
        x, y = rng.normal(size=(batch, 3, 32, 32)).astype(np.float32), rng.integers(0, 10, batch)
        found.append(Work(f"CIFAR-10 network, batch {batch}", cifar(), x, y, classes, least))
    return found


def our_step(work: Work) -> Callable[[], float]:
    """Return a step that moves the model and returns the loss before it."""
    model, optimizer, loss = work.model, SGD(RATE), work.losses[0]
    state = optimizer.start(model.parameters)

    def step() -> float:
        value, slope = loss.value_and_grad(model.forward(work.x, training=True), work.y)
        model.fill(slope)
        optimizer.step(model.parameters, model.gradients, state)
        return float(value)

    return step


def torch_step(work: Work, layout: torch.memory_format = torch.contiguous_format) -> Callable[[], float]:
    """Return the same in torch."""
    model, loss = twin(work.model).to(memory_format=layout), work.losses[1]
    x, y = torch.from_numpy(work.x), torch.from_numpy(work.y)
    x = x.to(memory_format=layout) if x.ndim == 4 else x
    optimizer = torch.optim.SGD(model.parameters(), RATE)

    def step() -> float:
        optimizer.zero_grad()
        value = loss(model(x), y)
        value.backward()
        optimizer.step()
        return float(value.detach())

    return step


def time_steps(work: Work, budget: Budget) -> str:
    """Return a row of the table."""
    calls = {"torch": torch_step(work), "lossfn": our_step(work)}
    if work.x.ndim == 4:
        calls["channels_last"] = torch_step(work, torch.channels_last)
    first, *others = [call() for call in calls.values()]
    np.testing.assert_allclose(others, first, rtol=1e-4)
    times = interleave(calls, budget, work.turn)
    reached = ratio(times, "torch", "lossfn")
    last = f"{ratio(times, 'channels_last', 'lossfn'):.2f} ×" if "channels_last" in calls else ""
    mark = "✓" if reached >= work.least else "✗"
    ours, theirs = (f"{1e3 * median(times, name):.3f} ms" for name in ("lossfn", "torch"))
    return f"| {work.name} | {ours} | {theirs} | {reached:.2f} × {mark} (≥ {work.least:g}) | {last} |"


def sine_trainer(seed: int) -> Trainer:
    """Return the job of the tutorial: 420 rows, batches of 32, 300 epochs."""
    model, schedule = dense([1, 16, 16, 1], Tanh, seed), Cosine(300)
    return Trainer(model, lf.SquaredError(), Adam(0.01), epochs=300, seed=seed, schedule=schedule, progress=False)


def torch_sine(x: np.ndarray, y: np.ndarray) -> float:
    """Return the processor's time of the same job in a plain torch loop."""
    model, loss = twin(dense([1, 16, 16, 1], Tanh)), torch.nn.MSELoss()
    inputs, targets = torch.from_numpy(x).float(), torch.from_numpy(y).float()[:, None]
    optimizer = torch.optim.Adam(model.parameters(), 0.01)
    start = process_time()
    for _ in range(300):
        for index in torch.randperm(len(inputs)).split(32):
            optimizer.zero_grad()
            loss(model(inputs[index]), targets[index]).backward()
            optimizer.step()
    return process_time() - start


def sine_job() -> list[str]:
    """Return the rows of the sine job: time on both sides, and the error on five seeds."""
    ours, theirs, errors = [], [], []
    for seed in range(5):
        data = sine(seed)
        x, y = data.x_train[:420], data.y_train[:420]
        trainer = sine_trainer(seed)
        start = process_time()
        trainer.fit(x, y)
        ours.append(process_time() - start)
        theirs.append(torch_sine(x, y))
        errors.append(trainer.evaluate(data.x_test, data.y_test)["mse"])
    seconds, times = min(ours), min(theirs) / min(ours)
    return [
        _row("sine job, seconds", f"{seconds:.3f}", seconds <= 0.25, "≤ 0.25"),
        _row("sine job, torch loop / lossfn", f"{times:.1f} ×", times >= 10, "≥ 10"),
        _row("sine job, worst test MSE of 5 seeds", f"{max(errors):.4f}", max(errors) <= 0.013, "≤ 0.013"),
    ]


def accuracies() -> list[str]:
    """Return the rows of XOR, spiral and digits: the mean test accuracy of three seeds."""
    corners = np.array([[0.0, 0], [0, 1], [1, 0], [1, 1]])
    xor = from_arrays(np.tile(corners, (8, 1)), np.tile([0, 1, 1, 0], 8), "classification")
    jobs = [
        ("XOR", [xor] * 3, [2, 8, 2], Tanh, 200, 1.0),
        ("spiral", [spiral(seed) for seed in range(3)], [2, 64, 64, 3], Tanh, 200, 0.9978),
        ("digits", [digits(seed) for seed in range(3)], [64, 128, 10], ReLU, 60, 0.975),
    ]
    rows = []
    for name, sets, sizes, activation, epochs, least in jobs:
        found = np.mean([accuracy(data, dense(sizes, activation, k), epochs, k) for k, data in enumerate(sets)])
        rows.append(_row(f"{name}, test accuracy", f"{found:.4f}", found >= least, f"≥ {least:g}"))
    return rows


def accuracy(data: Dataset, model: Sequential, epochs: int, seed: int) -> float:
    """Return the test accuracy of a network."""
    options = {"epochs": epochs, "seed": seed, "schedule": Cosine(epochs), "progress": False}
    trainer = Trainer(model, lf.CrossEntropy(), Adam(0.01), "classification", **options)
    trainer.fit(data.x_train, data.y_train)
    return trainer.evaluate(data.x_test, data.y_test)["accuracy"]


def _row(work: str, figure: str, met: bool, aim: str) -> str:
    return f"| {work} | {figure} {'✓' if met else '✗'} ({aim}) |"


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    budget = QUICK if parser.parse_args().quick else FULL
    torch.set_num_threads(int(one_thread.SETTINGS["OMP_NUM_THREADS"]))
    print("\n".join(f"{name}: {value}" for name, value in facts().items()))
    print("\n| step | lossfn | torch | torch / lossfn | channels_last / lossfn |\n|---|---|---|---|---|")
    for work in works():
        print(time_steps(work, budget), flush=True)
    print("\n| training | figure |\n|---|---|")
    for row in [*sine_job(), *accuracies()]:
        print(row, flush=True)


if __name__ == "__main__":
    main()
