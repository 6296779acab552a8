"""A bar on standard error while a training runs, when that is a terminal."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from importlib.util import find_spec

Report = Callable[[int, Mapping[str, float]], object]


@contextmanager
def reporting(progress: bool, epochs: int) -> Iterator[Report]:
    """Yield a function that takes the epoch and its figures."""
    if progress and sys.stderr.isatty() and find_spec("rich"):
        with _bar(epochs) as report:
            yield report
    else:
        yield lambda epoch, figures: None


@contextmanager
def _bar(epochs: int) -> Iterator[Report]:
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

    columns = (TextColumn("epoch"), BarColumn(), MofNCompleteColumn(), TextColumn("{task.description}"))
    with Progress(*columns, TimeRemainingColumn(), console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=epochs)
        yield lambda epoch, figures: bar.update(task, completed=epoch, description=_line(figures))


def _line(figures: Mapping[str, float]) -> str:
    held_out = {name: figure for name, figure in figures.items() if name.startswith("valid_")}
    return "  ".join(f"{name} {figure:.4g}" for name, figure in (held_out or figures).items())
