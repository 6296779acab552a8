"""How a fault is planted: a table of them, and a wrapper around an engine."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from lossfn.engines import native, reference


@dataclass(frozen=True)
class Fault:
    """A fault, the law that has to catch it, and the loss and the engine it is planted under."""

    law: str
    loss: Callable[[], Any]
    plant: Callable[[Any], None]
    engine: str


FAULTS: dict[str, Fault] = {}


def fault(law, loss, engine="reference"):
    """Enter a planting function in the table."""

    def enter(plant):
        FAULTS[plant.__name__] = Fault(law, loss, plant, engine)
        return plant

    return enter


def wrong(law):
    """Enter a loss class that is itself the fault."""

    def enter(cls):
        FAULTS[cls.__name__] = Fault(law, cls, lambda patch: None, "reference")
        return cls

    return enter


def unchanged(loss, batch, ask):
    return loss, batch, ask


def through(patch, *, before=unchanged, after=lambda batch, ask, answer: answer, engine=reference):
    """Change what an engine is asked, or what it answers."""
    run = engine.run

    def planted(loss, batch, ask):
        asked = before(loss, batch, ask)
        return after(batch, ask, run(*asked))

    patch.setattr(engine, "run", planted)
    if engine is native:
        patch.delattr(native, "plain_pass")
