"""Which engine serves a call: named here by module, imported when first needed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, NamedTuple, Protocol

import numpy as np

from lossfn.core.arrays import Array

if TYPE_CHECKING:
    from lossfn.core.batch import Batch
    from lossfn.core.loss import Loss
    from lossfn.core.maps import Map

ENGINES = {"native": "lossfn.engines.native", "reference": "lossfn.engines.reference"}

STEEP = 3.4e38  # what is below it float32 can hold


class Ask(NamedTuple):
    """What a call wants: derivatives up to `order` in the inputs `wrt`, terms kept or only summed.

    `pairs` names the second derivatives of a pointwise loss; over classes they are the diagonal. With `sound`, the
    total of a pointwise loss is that of its second derivatives, before `scale`: NaN where one is negative or a slope
    not below STEEP.
    """

    order: int
    wrt: tuple[str, ...]
    scale: float
    keep: bool
    check: bool
    out: tuple[Array, ...] | None = None
    pairs: tuple[tuple[str, str], ...] = ()
    sound: bool = False


class Answer(NamedTuple):
    """What an engine returns, weights and scale applied; a total of NaN may mean an input out of domain."""

    total: float
    terms: Array | None
    gradient: tuple[Array, ...]
    hessian: tuple[Array, ...]


class Engine(Protocol):
    """Runs a loss on a batch."""

    def run(self, loss: Loss, batch: Batch, ask: Ask) -> Answer:
        """Compute what is asked."""

    def change(self, plan: Map, arrays: Sequence[Array], numbers: Sequence[float]) -> None:
        """Write new values over old ones."""

    def contract(self, a: Array, b: Array, out: Array) -> None:
        """Add a product over several axes to `out`."""

    def largest(self, windows: Array, out: Array, place: Array) -> None:
        """Write the largest number of each window, and which it was."""

    def hand_back(self, slope: Array, place: Array, windows: Array) -> None:
        """Add the slope of each window to the number in its place."""


_chosen: ContextVar[str | None] = ContextVar("engine", default=None)


@lru_cache(maxsize=1)
def _default() -> str:
    return "native" if find_spec("llvmlite") else "reference"


def chosen() -> str:
    """Return the name of the engine in force: the compiled one where it can be had."""
    return _chosen.get() or _default()


def engine() -> Any:
    """Return the engine in force."""
    return _imported(chosen())


@lru_cache(maxsize=len(ENGINES))
def _imported(name: str) -> Any:
    return import_module(ENGINES[name])


def plain_pass(loss: Loss, ask: Ask, dtypes: tuple[np.dtype[Any], ...], classes: int) -> Callable[..., float] | None:
    """Return run(terms, scale, prediction, target, gradient?, hessian?) -> total, if the engine has such a short way.

    The total is NaN where only the long way will do. `classes` is 0 for a loss of single elements.
    """
    make = getattr(engine(), "plain_pass", None)
    return None if make is None else make(loss, ask, dtypes, classes)


@contextmanager
def using(name: str) -> Iterator[None]:
    """Run what is inside on the engine of that name."""
    token = _chosen.set(name)
    try:
        yield
    finally:
        _chosen.reset(token)
