"""Which test or page answers each row of docs/checklist.tsv: 147 claims of five tutorials.

A test carries `@pytest.mark.covers(12, 13)`; a page has a comment line `% covers 12 13`. The directive `checklist`
shows the table; `python docs/extensions/claims.py` prints the rows that nothing answers.
"""

import ast
import csv
import re
from collections import defaultdict
from pathlib import Path

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
MARK = "pytest.mark.covers"


def checklist():
    """Return the rows: number, document, and the claim in two languages."""
    with (DOCS / "checklist.tsv").open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE))


def tests():
    """Return (row, name of a test) for every mark."""
    for path in sorted((ROOT / "tests").rglob("test_*.py")):
        for node in ast.parse(path.read_text("utf-8")).body:
            for mark in getattr(node, "decorator_list", []):
                if isinstance(mark, ast.Call) and ast.unparse(mark.func) == MARK:
                    name = f"{path.relative_to(ROOT).as_posix()}::{node.name}"
                    yield from ((argument.value, name) for argument in mark.args)


def pages():
    """Return (row, name of a page) for every comment."""
    for path in sorted(DOCS.glob("guide/*.md")):
        for found in re.findall(r"^% covers ([\d ]+)$", path.read_text("utf-8"), re.MULTILINE):
            yield from ((int(row), path.relative_to(DOCS).with_suffix("").as_posix()) for row in found.split())


def traces():
    """Return for each row the pages and the tests that answer it."""
    found = defaultdict(lambda: ([], []))
    for place, marks in enumerate((pages(), tests())):
        for row, name in marks:
            if name not in found[row][place]:
                found[row][place].append(name)
    return found


if __name__ == "__main__":
    answered = traces()
    print(*[row["row"] for row in checklist() if int(row["row"]) not in answered])
