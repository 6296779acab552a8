"""The same losses in other libraries, where they are installed: values and slopes of one batch, as float64."""

from importlib.util import find_spec
from types import ModuleType
from typing import Any

from lossfn.explanation.accuracy.peers import jax, keras, sklearn, torch

LIBRARIES = {
    "torch": ("torch", torch),
    "optax": ("optax", jax),
    "scikit-learn": ("sklearn", sklearn),
    "Keras": ("keras", keras),
}


def answers_of(name: str, dtype: Any) -> dict[str, Any]:
    """Return library -> what computes the loss of that name there, in that dtype."""
    here = {title: module for title, (library, module) in LIBRARIES.items() if find_spec(library)}
    found = {title: _answer(module, name, dtype) for title, module in here.items()}
    return {title: answer for title, answer in found.items() if answer is not None}


def _answer(module: ModuleType, name: str, dtype: Any) -> Any:
    return module.answer_of(name, dtype) if name in module.NAMES else None
