import math

import numpy as np
import pytest

from lossfn.core.errors import OptionError
from lossfn.nn import schedules
from peers import peer

EPOCHS = 12
# Ours, and torch's name and arguments.
PAIRS = [
    (schedules.Constant(), "ConstantLR", {"factor": 1.0}),
    (schedules.Step(3, 0.5), "StepLR", {"step_size": 3, "gamma": 0.5}),
    (schedules.MultiStep((2, 7), 0.3), "MultiStepLR", {"milestones": [2, 7], "gamma": 0.3}),
    (schedules.Exponential(0.8), "ExponentialLR", {"gamma": 0.8}),
    (schedules.Linear(5, 0.2, 0.9), "LinearLR", {"start_factor": 0.2, "end_factor": 0.9, "total_iters": 5}),
    (schedules.Cosine(EPOCHS, 0.1), "CosineAnnealingLR", {"T_max": EPOCHS, "eta_min": 0.01}),
    (
        schedules.Cyclic(3, 2, peak=5.0),
        "CyclicLR",
        {"base_lr": 0.1, "max_lr": 0.5, "step_size_up": 3, "step_size_down": 2, "cycle_momentum": False},
    ),
]


@pytest.mark.peer
@pytest.mark.parametrize(("schedule", "name", "options"), PAIRS, ids=[pair[1] for pair in PAIRS])
def test_rates_at_whole_epochs_equal_those_of_torch(schedule, name, options):
    torch = peer("torch")
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    rival, rates = getattr(torch.optim.lr_scheduler, name)(optimizer, **options), []
    for _ in range(EPOCHS + 1):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        rival.step()
    np.testing.assert_allclose([0.1 * schedule(epoch) for epoch in range(EPOCHS + 1)], rates, rtol=1e-9)


@pytest.mark.peer
def test_a_warm_up_equals_torch_in_sequence():
    torch = peer("torch")
    lr_scheduler = torch.optim.lr_scheduler
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.1)
    parts = [
        lr_scheduler.LinearLR(optimizer, start_factor=0.25, total_iters=4),
        lr_scheduler.ExponentialLR(optimizer, gamma=0.5),
    ]
    rival, rates = lr_scheduler.SequentialLR(optimizer, parts, milestones=[4]), []
    for _ in range(8):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        rival.step()
    schedule = schedules.WarmUp(4, then=schedules.Exponential(0.5), start=0.25)
    np.testing.assert_allclose([0.1 * schedule(epoch) for epoch in range(8)], rates, rtol=1e-9)


def test_smooth_schedules_move_within_an_epoch_and_stairs_do_not():
    assert schedules.Exponential(0.25)(0.5) == 0.5
    assert schedules.Cosine(2)(1.0) == pytest.approx(0.5)
    assert schedules.Linear(2)(0.5) == 0.75
    assert schedules.Step(1, 0.5)(0.99) == 1.0
    assert schedules.MultiStep((1.5,), 0.5)(1.49) == 1.0


@pytest.mark.parametrize("schedule", [schedules.Cosine(2, 0.1), schedules.Linear(2, 1, 0.1)])
def test_what_has_fallen_stays(schedule):
    assert math.isclose(schedule(2), 0.1)
    assert math.isclose(schedule(50), 0.1)


@pytest.mark.parametrize(
    ("build", "message"),
    [
        (lambda: schedules.Step(0), "every of Step"),
        (lambda: schedules.Linear(0), "epochs of Linear"),
        (lambda: schedules.Cosine(0), "epochs of Cosine"),
        (lambda: schedules.Cyclic(0, 1), "up, down of Cyclic"),
        (lambda: schedules.WarmUp(0), "epochs of WarmUp"),
    ],
)
def test_wrong_options(build, message):
    with pytest.raises(OptionError, match=message):
        build()
