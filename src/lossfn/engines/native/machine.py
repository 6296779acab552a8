"""From text to a callable: compiled by LLVM in the process, kept on disk between processes."""

from __future__ import annotations

import ctypes
import hashlib
import os
import sys
import tempfile
from functools import lru_cache
from pathlib import Path
from typing import Any

import llvmlite
import llvmlite.binding as llvm
import numpy as np

MAGIC = b"lossfn-object-2\n"
# Processors, by LLVM's names, that multiply and add in one rounding and convert float16.
RECENT = ("apple", "cortex", "neoverse", "generic", "x86-64-v3", "x86-64-v4")
_alive: list[Any] = []


class _Machine:
    """The processor that code is made for: the one here, or the lesser one that LOSSFN_CPU names as LLVM does."""

    def __init__(self) -> None:
        llvm.initialize_native_target()
        llvm.initialize_native_asmprinter()
        features = llvm.get_host_cpu_features()
        asked = os.environ.get("LOSSFN_CPU")
        self.name: str = asked or llvm.get_host_cpu_name()
        self.features: str = "" if asked else features.flatten()
        recent = self.name.startswith(RECENT)
        self.fma = recent or (not asked and bool(features.get("fma")))
        self.wide = self.name.startswith("x86-64-v4") or (not asked and bool(features.get("avx512f")))
        self.halves = recent or (not asked and bool(features.get("f16c", True)))
        self.target = llvm.Target.from_default_triple().create_target_machine(
            cpu=self.name, features=self.features, opt=2, reloc="pic", codemodel="default"
        )
        self.data = _data_offset()
        self.identity = (
            f"{llvmlite.__version__} {llvm.llvm_version_info} {llvm.get_default_triple()} {self.name} {self.features}"
        )

    def compile(self, text: str) -> bytes:
        """Compile a module to an object file; templates leave LLVM's optimiser nothing to find, so it is not run."""
        module = llvm.parse_assembly(text)
        module.triple = llvm.get_default_triple()
        return bytes(self.target.emit_object(module))

    def load(self, object_file: bytes) -> int:
        """Link an object file into the process and return the kernel's address."""
        engine = llvm.create_mcjit_compiler(llvm.parse_assembly(""), self.target)
        engine.add_object_file(llvm.ObjectFileRef.from_data(object_file))
        engine.finalize_object()
        _alive.append(engine)
        return int(engine.get_function_address("kernel"))


def _data_offset() -> int:
    """Return where an array object keeps its data pointer: after the object's head, which differs between builds."""
    probe = np.zeros(1)
    places = range(16, 64, 8)
    held = (ctypes.c_size_t.from_address(id(probe) + place).value for place in places)
    return next(place for place, pointer in zip(places, held, strict=True) if pointer == probe.ctypes.data)


@lru_cache(maxsize=1)
def machine() -> _Machine:
    """Return the machine, made on first use."""
    return _Machine()


def function(text: str, arrays: int, integers: int) -> Any:
    """Return the kernel of a module as a function of arrays, integers and a scale; it releases the interpreter lock."""
    kinds = [ctypes.py_object] * arrays + [ctypes.c_int64] * integers + [ctypes.c_double]
    return ctypes.CFUNCTYPE(ctypes.c_double, *kinds)(address(text))


def address(text: str) -> int:
    """Return where the kernel of a module lies, compiled or fetched from disk."""
    target = machine()
    key = hashlib.sha256(f"{target.identity}\n{text}".encode()).hexdigest()
    object_file = recall(key)
    if object_file is None:
        object_file = target.compile(text)
        remember(key, object_file)
    return target.load(object_file)


def folder() -> Path:
    """Return the user's cache folder: LOSSFN_CACHE, or the platform's place."""
    given = os.environ.get("LOSSFN_CACHE")
    if given:
        return Path(given)
    if sys.platform == "darwin":
        return Path.home() / "Library/Caches/lossfn"
    base = os.environ.get("LOCALAPPDATA" if os.name == "nt" else "XDG_CACHE_HOME")
    return Path(base or Path.home() / ".cache") / "lossfn"


def recall(key: str) -> bytes | None:
    """Return a kept object file, if it is there, whole and ours."""
    try:
        data = (folder() / key[:2] / key).read_bytes()
    except (OSError, RuntimeError):
        return None
    head = len(MAGIC) + 32
    body = data[head:]
    whole = data[: len(MAGIC)] == MAGIC and data[len(MAGIC) : head] == hashlib.sha256(key.encode() + body).digest()
    return body if whole else None


def remember(key: str, object_file: bytes) -> None:
    """Keep an object file: written aside, then renamed; a disk that refuses costs only the next compile."""
    temporary = None
    try:
        place = folder() / key[:2]
        place.mkdir(parents=True, exist_ok=True, mode=0o700)
        with tempfile.NamedTemporaryFile(dir=place, prefix=".new-", delete=False) as file:
            temporary = Path(file.name)
            file.write(MAGIC + hashlib.sha256(key.encode() + object_file).digest() + object_file)
        temporary.replace(place / key)
    except (OSError, RuntimeError):
        if temporary is not None:
            temporary.unlink(missing_ok=True)
