"""Arrays on several devices, in a process that has four."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

import lossfn as lf
from lossfn.core.errors import OptionError
from peers import peer

pytestmark = pytest.mark.peer
peer("jax")


def on_four_devices(program):
    here = Path(__file__).parent
    flags = {"XLA_FLAGS": "--xla_force_host_platform_device_count=4", "JAX_PLATFORMS": "cpu"}
    path = os.pathsep.join([str(here.parent), *sys.path])
    command = [sys.executable, str(here / program)]
    return subprocess.run(
        command, env={**os.environ, **flags, "PYTHONPATH": path}, capture_output=True, text=True, check=False
    )


def test_sharded_arrays_give_the_result_of_one_device():
    ran = on_four_devices("sharded.py")
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(ran.stdout.splitlines()) == 4


def test_spread_classes_give_the_result_of_one_device_with_one_collective():
    ran = on_four_devices("spread_classes.py")
    assert ran.returncode == 0, ran.stderr[-2000:]
    assert len(ran.stdout.splitlines()) == 6


def test_spread_classes_are_for_losses_of_logits_and_labels():
    parallel = peer("lossfn.jax").ClassParallel
    for loss in (lf.Huber(), lf.NegativeLogLikelihood(), lf.KLFromLogits()):
        with pytest.raises(OptionError, match="loss: expected a loss of logits and class labels, got"):
            parallel(loss, "classes")
