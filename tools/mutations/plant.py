"""Two ways to plant a mutant: into functions that exist, or into a file that is yet to be imported."""

from __future__ import annotations

import gc
from importlib.machinery import SourceFileLoader
from types import CodeType, FunctionType

from mutants import planted


def in_functions(root, mutant):
    """Give the functions of an imported file the mutant's code; return whether the change was in one of them."""
    path = str(root / mutant.path)
    codes = dict(inner(compile(planted(root / mutant.path, mutant.number), path, "exec")))
    changed = False
    for function in [f for f in gc.get_objects() if isinstance(f, FunctionType)]:
        old = function.__code__
        new = codes.get(place(old)) if old.co_filename == path else None
        if new is not None and new.co_freevars == old.co_freevars:
            changed |= new != old
            function.__code__ = new
    return changed


def inner(code):
    """Yield place and code of every function inside."""
    for constant in code.co_consts:
        if isinstance(constant, CodeType):
            yield place(constant), constant
            yield from inner(constant)


def place(code):
    """Return what tells one function of a file from another."""
    return code.co_qualname, code.co_firstlineno, len(code.co_varnames)


def in_import(root, mutant):
    """Let the next import of the file find the mutant."""
    path = str(root / mutant.path)
    code, found = compile(planted(root / mutant.path, mutant.number), path, "exec"), SourceFileLoader.get_code
    SourceFileLoader.get_code = lambda self, name: code if self.path == path else found(self, name)
