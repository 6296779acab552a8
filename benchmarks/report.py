"""The tables as Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from catalogue import TABLES
from figure import Figure

Results = Mapping[str, Sequence[Figure]]
HEAD = """# Speed

One thread on every side, validation on, written by `python benchmarks/speed.py --write`.

`lossfn fresh` and `lossfn recycled` are times. Under the name of a peer stands how many times as long it takes for the
same result; under `copies`, how many copies of the prediction could be made in the time of the recycled call. *Fresh*
means new arrays under the C library's own settings, *recycled* means `out=` for lossfn and a `malloc` that keeps freed
memory for its peers. ✓ and ✗ say whether the bound in brackets is kept; `benchmarks/README.md` says more.
"""


def page(facts: Mapping[str, str], results: Results) -> str:
    """Return the whole page."""
    known = "\n".join(f"- {name}: {value}" for name, value in facts.items())
    return "\n".join([HEAD, known, "", tables(results)])


def tables(results: Results) -> str:
    """Return every table under its title, and how many bounds are kept."""
    parts = [f"## {TABLES[name].title}\n\n{table(figures)}\n" for name, figures in results.items()]
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
