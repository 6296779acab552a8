"""Text for people: titles, facts and tables, plain where the output is no terminal."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import click
from rich.console import Console, RenderableType
from rich.table import Table
from rich.text import Text

WIDE = 160  # columns where nobody looks


def put(thing: RenderableType) -> None:
    """Print without blanks at the ends of lines; a pipe or a file gets long lines and no colours."""
    screen = Console(highlight=False)
    if not screen.is_terminal:
        screen = Console(highlight=False, width=WIDE)
    with screen.capture() as held:
        screen.print(thing)
    click.echo("\n".join(line.rstrip() for line in held.get().splitlines()))


def title(text: str) -> None:
    """Print what the rest is about."""
    put(Text(text, style="bold"))


def facts(pairs: Iterable[tuple[str, str]]) -> None:
    """Print names and what is to be said of each."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(style="cyan", no_wrap=True)
    grid.add_column(overflow="fold")
    for name, said in pairs:
        grid.add_row(Text(f"  {name}"), Text(said))
    put(grid)


def table(columns: Sequence[str], rows: Iterable[Sequence[Any]], right: Sequence[str] = ()) -> None:
    """Print rows under the names of their columns, numbers to the right."""
    grid = Table(box=None, pad_edge=False, padding=(0, 2, 0, 0), header_style="cyan")
    for name in columns:
        grid.add_column(name, justify="right" if name in right else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(Text(str(cell)) for cell in row))
    put(grid)


def blank() -> None:
    """Print an empty line."""
    put("")


def text(line: str) -> None:
    """Print a sentence."""
    put(Text(line))


def marks(lines: Iterable[tuple[bool, str, str]]) -> None:
    """Print a line for each result: a mark, its name, what is to be said of it."""
    grid = Table.grid(padding=(0, 2))
    grid.add_column(no_wrap=True)
    grid.add_column(no_wrap=True)
    grid.add_column(overflow="fold")
    for passed, name, said in lines:
        mark = Text("  ✓", style="green") if passed else Text("  ✗", style="bold red")
        grid.add_row(mark, Text(name), Text(said, style="dim" if passed else ""))
    put(grid)
