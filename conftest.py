"""Folders that serve an optional library are left out of the doctests where it is missing."""

from importlib.util import find_spec
from pathlib import Path

SOURCE = Path(__file__).parent / "src" / "lossfn"
OPTIONAL = {"torch": "torch", "jax": "jax", "sklearn": "sklearn"}

collect_ignore = [
    str(path)
    for folder, library in OPTIONAL.items()
    if not find_spec(library)
    for path in (SOURCE / folder, SOURCE / "engines" / f"{folder}.py")
]
