"""Plant mutants one at a time, run the tests that concern them, and write docs/mutations.md.

Run: PYTHONPATH=src python tools/mutations [--count N] [--again]

Mutants are drawn by a fixed seed. Outcomes are kept in build/mutants.json, so that a run can be broken off and taken
up; `--again` tries survivors once more, after tests were added. Why a survivor is let live: survivors.toml.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import sys
from pathlib import Path

from mutants import mutants
from page import written
from runs import outcomes

ROOT = Path(__file__).parents[2]
PARTS = {"core": 50, "shapes": 10, "losses": 40, "engines/native": 50}  # of each hundred and fifty
SEED = 20


def drawn(count):
    """Return the sample: so many mutants, shared among the parts."""
    chosen = []
    for part, share in PARTS.items():
        files = sorted((ROOT / "src/lossfn" / part).glob("*.py"))
        every = [mutant for file in files for mutant in mutants(file, file.relative_to(ROOT).as_posix())]
        chosen += random.Random(SEED).sample(every, min(len(every), count * share // 150))
    return random.Random(SEED).sample(chosen, len(chosen))


def main():
    """Try what has no outcome yet, then write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--count", type=int, default=150, help="mutants to draw")
    parser.add_argument("--again", action="store_true", help="try survivors once more")
    given = parser.parse_args()
    os.chdir(ROOT)
    place = Path("build/mutants.json")
    place.parent.mkdir(exist_ok=True)
    kept = json.loads(place.read_text("utf-8")) if place.exists() else {}
    sample = drawn(given.count)
    wanted = [m for m in sample if m.key not in kept or (given.again and not kept[m.key])]
    wanted.sort(key=lambda mutant: mutant.key not in kept)  # survivors first
    for mutant, killed in outcomes(ROOT, wanted):
        kept[mutant.key] = killed
        print("killed" if killed else "lives", mutant.key, file=sys.stderr, flush=True)
        place.write_text(json.dumps(kept, indent=1), encoding="utf-8")
        Path("docs/mutations.md").write_text(written(sample, kept, PARTS), encoding="utf-8")


if __name__ == "__main__":
    main()
