"""Arrays of other libraries: whose they are, and which module of ours answers calls with them.

A library is looked for among the modules already imported: an array of it cannot exist otherwise. The code is plain
enough for torch's compiler, which reads it on its way into a loss.
"""

from __future__ import annotations

import sys
from typing import Any

import numpy as np

from lossfn.core.errors import DTypeError, say

# Library: the name of its array class.
ARRAYS = {"jax": "Array", "torch": "Tensor"}


def elsewhere(question: str, prediction: Any, target: Any, sample_weight: Any) -> Any:
    """Return the function that answers this question for these arrays; None where they are NumPy's."""
    library, owner = None, ""
    for name, value in (("prediction", prediction), ("target", target), ("sample_weight", sample_weight)):
        other = library_of(value)
        if other is not None and library is not None and other != library:
            got, cause = f"a {other} array", "two frameworks in one call"
            raise DTypeError(say(name, expected=f"a {library} array like {owner}", got=got, cause=cause))
        if other is not None and library is None:
            library, owner = other, name
    return None if library is None else getattr(_server(library), question)


def library_of(value: Any) -> str | None:
    """Return the library of an array, or of the first foreign array in a tuple of predictions."""
    if type(value) is np.ndarray or value is None:
        return None
    if isinstance(value, tuple | list) and len(value) <= 16:
        for part in value:
            library = library_of(part)
            if library is not None:
                return library
        return None
    for library in ARRAYS:
        if library in sys.modules and isinstance(value, getattr(sys.modules[library], ARRAYS[library], ())):
            return library
    return None


def _server(library: str) -> Any:
    if library == "torch":
        from lossfn.torch import calls

        return calls
    from lossfn.jax import calls as of_jax

    return of_jax
