"""What the tables of a script have in common: choose works, measure each in a new process, print, write the page."""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections import defaultdict
from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import NamedTuple

from facts import facts
from figure import Figure
from report import page, tables, write
from timing import FULL, QUICK, Budget

DOCS = Path(__file__).parents[1] / "docs"


class Table(NamedTuple):
    """A title, the works that are its rows, and what measures one of them."""

    title: str
    works: Iterable[str]
    measure: Callable[[str, Budget], list[Figure]]


def run(words: str, all_tables: Mapping[str, Table], head: str, document: str) -> int:
    """Measure what is asked for; return 1 if something could not be measured."""
    given = arguments(words, document)
    pairs = chosen(all_tables, given.only)
    if not pairs:
        sys.exit(f"--only: no table or work is called {given.only!r}")
    known, results = facts(), defaultdict(list)
    titles = {name: content.title for name, content in all_tables.items()}
    print(*(f"{name}: {value}" for name, value in known.items()), sep="\n", file=sys.stderr)
    budget = QUICK if given.quick else FULL
    failed = [pair for pair in pairs if not add(results, all_tables, *pair, budget)]
    print(tables(titles, results))
    if given.json:
        records = [figure.record(table) for table, figures in results.items() for figure in figures]
        given.json.write_text(json.dumps({"facts": known, "figures": records}, indent=1) + "\n", encoding="utf-8")
    if given.write and not failed:
        write(DOCS / document, page(head, known, tables(titles, results)))
    return 1 if failed else 0


def arguments(words: str, document: str) -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=words, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", default="", metavar="NAME", help='part of "table: work", such as "few" or "few: huber"'
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--write", action="store_true", help=f"also write docs/{document}")
    given = parser.parse_args()
    if given.write and (given.only or given.quick):
        parser.error("--write takes all tables at full length")
    return given


def chosen(all_tables: Mapping[str, Table], pattern: str) -> list[tuple[str, str]]:
    """Return table and work of all that match: `many`, `few: squared`, `Huber`."""
    both = [(table, work) for table, content in all_tables.items() for work in content.works]
    return [pair for pair in both if pattern.lower() in ": ".join(pair).lower()]


def add(
    results: dict[str, list[Figure]], all_tables: Mapping[str, Table], table: str, work: str, budget: Budget
) -> bool:
    """Add one work's figures; say why where that fails."""
    print(f"{table}: {work}", file=sys.stderr)
    try:
        figures = alone(all_tables[table].measure, work, budget)
    except Exception as error:  # whatever a peer raises, the other works still count
        print(f"  not measured: {type(error).__name__}: {error}", file=sys.stderr)
        return False
    results[table] += figures
    return True


def alone(measure: Callable[[str, Budget], list[Figure]], work: str, budget: Budget) -> list[Figure]:
    """Measure in a new process, where malloc has its own settings and nothing has been freed yet."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(_on_one_thread, measure, work, budget).result()


def _on_one_thread(measure: Callable[[str, Budget], list[Figure]], work: str, budget: Budget) -> list[Figure]:
    import lossfn as lf

    lf.set_num_threads(1)
    return measure(work, budget)
