"""The loss a parameter stands for."""

from __future__ import annotations

from typing import Any

import lossfn.losses  # noqa: F401  # fills the registry that names are looked up in
from lossfn.core.errors import OptionError, say
from lossfn.core.loss import Loss
from lossfn.core.registry import build


def built(loss: Any) -> Loss:
    """Return the loss a parameter stands for, itself or the one of that name, if it can be trained with."""
    found = loss if isinstance(loss, Loss) else build(loss)
    if not found.differentiable or found.estimates.startswith("nothing"):
        got = f"{type(found).__name__}, which has nothing to learn from alone"
        raise OptionError(say("loss", expected="a loss with a slope that estimates something", got=got))
    return found
