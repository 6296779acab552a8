"""Arrays of other libraries: whose they are, and which module of ours answers calls with them.

A library is looked for among the modules already imported: an array of it cannot exist otherwise.
"""

from __future__ import annotations

import sys
from importlib import import_module
from typing import Any

import numpy as np

from lossfn.core.errors import DTypeError, say

# Library: its array class, and our module with the functions of `lossfn.core.calls`.
SERVERS: dict[str, tuple[str, str]] = {"torch": ("Tensor", "lossfn.torch.calls")}


def elsewhere(question: str, prediction: Any, target: Any, sample_weight: Any) -> Any:
    """Return the function that answers this question for these arrays; None where they are NumPy's."""
    given = {"prediction": prediction, "target": target, "sample_weight": sample_weight}
    found = {name: library for name, value in given.items() if (library := library_of(value))}
    if not found:
        return None
    name, library = found.popitem()
    for other, another in found.items():
        if another != library:
            got, cause = f"a {library} array", "two frameworks in one call"
            raise DTypeError(say(name, expected=f"a {another} array like {other}", got=got, cause=cause))
    return getattr(import_module(SERVERS[library][1]), question)


def library_of(value: Any) -> str | None:
    """Return the library of an array, or of the first foreign array in a tuple of predictions."""
    if type(value) is np.ndarray or value is None:
        return None
    if isinstance(value, tuple | list) and len(value) <= 16:
        return next(filter(None, map(library_of, value)), None)
    for library, (array, _) in SERVERS.items():
        if library in sys.modules and isinstance(value, getattr(sys.modules[library], array, ())):
            return library
    return None
