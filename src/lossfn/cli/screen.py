"""Text for people: titles, facts and tables, plain where the output is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from rich.console import Console
from rich.table import Table
from rich.text import Text

WIDE = 160  # columns where nobody looks


def console() -> Console:
    """Return the screen; a pipe or a file gets whole lines and no colours."""
    screen = Console(highlight=False, soft_wrap=False)
    if not screen.is_terminal:
        screen = Console(highlight=False, width=WIDE)
    return screen


def title(text: str) -> None:
    """Print what the rest is about."""
    console().print(Text(text, style="bold"))


def facts(pairs: Mapping[str, str]) -> None:
    """Print names and what is to be said of each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, text in pairs.items():
        grid.add_row(Text(f"  {name}"), Text(text))
    console().print(grid)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    """Print rows under the names of their columns, numbers to the right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="cyan")
    for name in columns:
        grid.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(str(cell)) for cell in row))
    console().print(grid)
