"""The tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from figure import Figure


def page(head: str, facts: Mapping[str, str], content: str) -> str:
    """Return the whole page."""
    known = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return "\n".join([head, known, "", content])


def tables(titles: Mapping[str, str], results: Mapping[str, Sequence[Figure]]) -> str:
    """Return every table under its title, and how many bounds are kept."""
    parts = [f"## {titles[name]}\n\n{table(figures)}\n" for name, figures in results.items()]
    met = [figure.met for figures in results.values() for figure in figures if figure.bound]
    return "\n".join([*parts, f"{sum(map(bool, met))} of {len(met)} bounds are kept."])


def table(figures: Sequence[Figure]) -> str:
    """Return one table: a row for each work, a column for each kind of figure."""
    columns = list(dict.fromkeys(figure.column for figure in figures))
    cells = {(figure.work, figure.column): figure.text() for figure in figures}
    works = dict.fromkeys(figure.work for figure in figures)
    rows = [[work, *(cells.get((work, column), "") for column in columns)] for work in works]
    return "\n".join([_line(["", *columns]), _line(["---", *("---:" for _ in columns)]), *map(_line, rows)])


def write(path: Path, text: str) -> None:
    """Write the page."""
    path.parent.mkdir(exist_ok=True)
    path.write_text(text + "\n", encoding="utf-8")


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |"
