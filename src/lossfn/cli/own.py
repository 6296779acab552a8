"""A user's own loss, from a Python file of theirs."""

from __future__ import annotations

import sys
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from traceback import extract_tb
from types import ModuleType

from lossfn.cli.faults import InputError, listed, meant
from lossfn.core.loss import Loss

PREFIX = "lossfn_own_"  # of modules


def load(place: str) -> type[Loss]:
    """Return the class that `FILE.py:Class` names; without `:Class`, the only loss in the file."""
    file, _, name = place.rpartition(":") if ".py:" in place else (place, "", "")
    module = _imported(Path(file))
    found = {k: v for k, v in vars(module).items() if isinstance(v, type) and v.__module__ == module.__name__}
    losses = {k: v for k, v in found.items() if issubclass(v, Loss)}
    if not name and len(losses) == 1:
        return next(iter(losses.values()))
    if name in losses:
        return losses[name]
    if name in found:
        raise InputError(f"{file}: {name} is not a loss. Derive it from lossfn.Pointwise, Row or Distribution.")
    holds = f"It holds {listed(losses)}." if losses else "It holds no loss."
    if not name:
        raise InputError(f"{file}: expected FILE.py:Class, got no class. {holds}")
    raise InputError(f"{file}: no loss is named {name!r} there. {meant(name, losses, holds)}")


def place_of(error: Exception) -> str:
    """Return the line of a user's own file in which an error was raised; empty where it was not."""
    files = {module.__file__ for name, module in sys.modules.items() if name.startswith(PREFIX)}
    lines = [frame for frame in extract_tb(error.__traceback__) if frame.filename in files]
    return f"{Path(lines[-1].filename).name}, line {lines[-1].lineno}" if lines else ""


def _imported(file: Path) -> ModuleType:
    if not file.is_file():
        raise InputError(f"{file}: {'a folder, not a file' if file.is_dir() else 'no such file'}.")
    name = f"{PREFIX}{file.stem}"
    spec = spec_from_file_location(name, file)
    if spec is None or spec.loader is None:
        raise InputError(f"{file}: expected a Python file, got a name that does not end in .py.")
    module = sys.modules[name] = module_from_spec(spec)
    sys.path.insert(0, str(file.parent))
    try:
        spec.loader.exec_module(module)
    except SyntaxError as wrong:
        raise InputError(f"{wrong.filename}, line {wrong.lineno}: {wrong.msg}.") from None
    except (Exception, SystemExit) as error:
        lines = [frame.lineno for frame in extract_tb(error.__traceback__) if Path(frame.filename).name == file.name]
        line = f", line {lines[-1]}" if lines else ""
        raise InputError(f"{file}{line}: importing it raised {type(error).__name__}: {error}.") from None
    finally:
        sys.path.remove(str(file.parent))
    return module
