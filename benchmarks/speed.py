"""Measure speed and memory against PyTorch, JAX and scikit-learn, and print the tables.

python benchmarks/speed.py [--only NAME] [--quick] [--json FILE] [--write]
"""

from __future__ import annotations

import argparse
import json
import multiprocessing
import sys
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import one_thread  # noqa: F401  it has to be the first
from catalogue import chosen, measure
from facts import facts
from figure import Figure
from report import page, tables, write
from timing import FULL, QUICK, Budget

PAGE = Path(__file__).parents[1] / "docs" / "speed.md"


def main() -> int:
    """Measure what is asked for; return 1 if something could not be measured."""
    given = arguments()
    pairs = chosen(given.only)
    if not pairs:
        sys.exit(f"--only: no table or work is called {given.only!r}")
    known, results = facts(), defaultdict(list)
    print(*(f"{name}: {value}" for name, value in known.items()), sep="\n", file=sys.stderr)
    failed = [pair for pair in pairs if not add(results, *pair, QUICK if given.quick else FULL)]
    print(tables(results))
    if given.json:
        records = [figure.record(table) for table, figures in results.items() for figure in figures]
        given.json.write_text(json.dumps({"facts": known, "figures": records}, indent=1) + "\n", encoding="utf-8")
    if given.write and not failed:
        write(PAGE, page(known, results))
    return 1 if failed else 0


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--only", default="", metavar="NAME", help='part of "table: work", such as "few" or "few: huber"'
    )
    parser.add_argument("--quick", action="store_true", help="fewer rounds")
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the figures as JSON")
    parser.add_argument("--write", action="store_true", help="also write docs/speed.md")
    given = parser.parse_args()
    if given.write and (given.only or given.quick):
        parser.error("--write takes all tables at full length")
    return given


def add(results: dict[str, list[Figure]], table: str, work: str, budget: Budget) -> bool:
    """Add one work's figures; say why where that fails."""
    print(f"{table}: {work}", file=sys.stderr)
    try:
        figures = alone(table, work, budget)
    except Exception as error:  # whatever a peer raises, the other works still count
        print(f"  not measured: {type(error).__name__}: {error}", file=sys.stderr)
        return False
    results[table] += figures
    return True


def alone(table: str, work: str, budget: Budget) -> list[Figure]:
    """Measure in a new process, where malloc has its own settings and nothing has been freed yet."""
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        return pool.submit(measure, table, work, budget).result()


if __name__ == "__main__":
    sys.exit(main())
