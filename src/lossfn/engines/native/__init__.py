"""The native engine: formulas compiled in the process by LLVM, one fused pass over memory."""

from importlib import import_module
from typing import Any

from lossfn.engines.native.maps import change
from lossfn.engines.native.run import plain_pass, run

__all__ = ["change", "plain_pass", "run"]

# What only images need, by the file that has it.
OF_IMAGES = {"contract": "contraction", "hand_back": "pooling", "largest": "pooling"}


def __getattr__(name: str) -> Any:
    """Load what images need on first use."""
    if name not in OF_IMAGES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    globals()[name] = getattr(import_module(f"{__name__}.{OF_IMAGES[name]}"), name)
    return globals()[name]
