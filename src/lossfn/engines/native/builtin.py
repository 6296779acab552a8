"""Kernels as functions of Python's own kind: ctypes takes a microsecond for what takes such a function a tenth.

Python hands a builtin function its `self` and its arguments, an array of objects. Here `self` is an array of objects
too: first the addresses of what is called and the leading integers, then the arrays that are the same in every call.
The interpreter's lock is held, so this is for small calls.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Sequence
from functools import cache
from itertools import count
from typing import Any

import numpy as np

from lossfn.core.arrays import Array
from lossfn.engines.native import machine
from lossfn.engines.native.code import Code

FASTCALL = 0x80  # METH_FASTCALL
CALLED = ("PyLong_AsLongLong", "PyFloat_AsDouble", "PyFloat_FromDouble", "PyErr_Occurred")


class _Definition(ctypes.Structure):
    _fields_ = (
        ("name", ctypes.c_char_p),
        ("function", ctypes.c_void_p),
        ("flags", ctypes.c_int),
        ("doc", ctypes.c_char_p),
    )


def builtin(kernel: Any, arrays: Sequence[Array | None], leading: Sequence[int]) -> Callable[..., float]:
    """Return run(size, scale, *given) -> total, which calls kernel(*arrays, *leading, size, scale).

    What is None among the arrays is given in each call.
    """
    pattern = tuple(array is None for array in arrays)
    addresses = np.array([_address(kernel), *map(_address_of, CALLED), *leading], np.int64)
    held = [addresses, *(array for array in arrays if array is not None)]
    bound = np.empty(len(held), object)
    for place, array in enumerate(held):
        bound[place] = array
    made: Callable[..., float] = _made()(ctypes.byref(_definition(pattern, len(leading))), bound, None)
    return made


@cache
def _made() -> Any:
    kinds = ctypes.POINTER(_Definition), ctypes.py_object, ctypes.c_void_p
    return ctypes.PYFUNCTYPE(ctypes.py_object, *kinds)(("PyCFunction_NewEx", ctypes.pythonapi))


@cache  # functions go on pointing at it
def _definition(pattern: tuple[bool, ...], integers: int) -> _Definition:
    target = machine.machine()
    return _Definition(b"kernel", machine.address(build(pattern, integers, target.data)), FASTCALL, None)


def build(pattern: tuple[bool, ...], integers: int, data: int) -> str:
    """Write kernel(self, arguments, their number); for arguments that are wrong it returns no object: an exception."""
    code = _Call(False, data)
    code.go_on_if(f"icmp eq i64 %count, {2 + sum(pattern)}", "counted")
    bound = code.data_of("%self")
    addresses = code.data_of(code.read(bound, 0))
    kernel, whole, real, new, error, *fixed = (
        code.read(addresses, k, "ptr" if k <= len(CALLED) else "i64") for k in range(1 + len(CALLED) + integers)
    )
    size = code.name(f"call i64 {whole}(ptr {code.read('%arguments', 0)})")
    scale = code.name(f"call double {real}(ptr {code.read('%arguments', 1)})")
    code.go_on_if(f"icmp eq ptr {code.name(f'call ptr {error}()')}, null", "read")
    given, held = count(2), count(1)
    arrays = [code.read("%arguments", next(given)) if now else code.read(bound, next(held)) for now in pattern]
    passed = [*(f"ptr {a}" for a in arrays), *(f"i64 {k}" for k in (*fixed, size)), f"double {scale}"]
    total = code.name(f"call double {kernel}({', '.join(passed)})")
    code.do(f"ret ptr {code.name(f'call ptr {new}(double {total})')}")
    code.label("wrong")
    code.do("ret ptr null")
    return "\n".join(["define ptr @kernel(ptr %self, ptr %arguments, i64 %count) {", *code.lines, "}"])


class _Call(Code):
    """The body of such a function."""

    def name(self, instruction: str) -> str:
        return self.let(instruction, "").name

    def read(self, pointer: str, place: int, kind: str = "ptr") -> str:
        return self.name(f"load {kind}, ptr {self.name(f'getelementptr i64, ptr {pointer}, i64 {place}')}")

    def go_on_if(self, condition: str, label: str) -> None:
        self.do(f"br i1 {self.name(condition)}, label %{label}, label %wrong")
        self.label(label)


def _address(function: Any) -> int:
    return int(ctypes.cast(function, ctypes.c_void_p).value or 0)


def _address_of(name: str) -> int:
    return _address(getattr(ctypes.pythonapi, name))
