"""Processes of torch.distributed on this machine: every rank runs all cases, and says what went wrong."""

import faulthandler
import json
import sys
import traceback
import warnings
from datetime import timedelta
from importlib import import_module

import pytest

from peers import peer

pytestmark = pytest.mark.peer
torch = peer("torch")
distributed, multiprocessing = peer("torch.distributed"), peer("torch.multiprocessing")


def launch(modules, ranks, folder):
    """Run the cases of `modules` on `ranks` processes; name of case -> what went wrong on each rank."""
    multiprocessing.start_processes(_work, (modules, ranks, folder), ranks, start_method="spawn")
    return json.loads((folder / "told.json").read_text("utf-8"))


def cases(modules):
    """Name -> function, of all cases of all modules."""
    return {name: case for module in modules for name, case in import_module(module).CASES.items()}


def _work(rank, modules, ranks, folder):
    faulthandler.dump_traceback_later(300, exit=True)  # a rank that waits for ever says where
    torch.set_num_threads(1)
    store, patience = f"file://{folder}/store", timedelta(seconds=60)
    distributed.init_process_group("gloo", init_method=store, rank=rank, world_size=ranks, timeout=patience)
    told = {name: ["not run"] for name in cases(modules)}
    for name, case in cases(modules).items():
        told[name] = [None] * ranks
        distributed.all_gather_object(told[name], _outcome(case))
        if any(told[name]):
            break  # the ranks may no longer keep step
    if rank == 0:
        (folder / "told.json").write_text(json.dumps(told), "utf-8")
    distributed.destroy_process_group()


def _outcome(case):
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's own, about its own
            case()
    except Exception:
        sys.stderr.write(traceback.format_exc())  # at once: the other ranks may now wait for this one in vain
        return traceback.format_exc()
    return ""
