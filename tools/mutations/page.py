"""The page of mutants: how many were killed, and why the others live."""

from __future__ import annotations

import tomllib
from pathlib import Path

HEAD = """# Mutants

Made by `python tools/mutations`, which changes one comparison, operator, number, truth value, condition or result of
lossfn at a time and runs the tests that concern it. A mutant is killed by a test that fails. The mutants are a sample
drawn by a fixed seed; the tests are part of the suite, and its parametrised ones run for a few losses only, so the
whole suite kills at least as many. A survivor is tried again against the tests that were written for it.
"""
OPEN = "**no test tells it**"


def written(sample, kept, parts):
    """Return the page: a table by part, and the survivors."""
    tried = [mutant for mutant in sample if mutant.key in kept]
    lines = [
        HEAD,
        f"Of {len(sample)} drawn, {len(tried)} have been tried.",
        "",
        "| part | mutants | killed | share |",
        "|---|---:|---:|---:|",
    ]
    lines += [counted(part, [m for m in tried if m.path.startswith(f"src/lossfn/{part}/")], kept) for part in parts]
    lines += [counted("all", tried, kept), "", "## Survivors", "", "| file | before | after | why it lives |"]
    lines += ["|---|---|---|---|", *(survivor(m) for m in sorted(tried) if not kept[m.key])]
    return "\n".join(lines) + "\n"


def counted(part, tried, kept):
    """Return a line of the table."""
    killed = sum(bool(kept[mutant.key]) for mutant in tried)
    return f"| {part} | {len(tried)} | {killed} | {killed / max(len(tried), 1):.0%} |"


def survivor(mutant):
    """Return a line of the list of survivors."""
    reasons = tomllib.loads(Path(__file__).with_name("survivors.toml").read_text("utf-8"))
    before, after = (f"`{text}`".replace("|", "\\|") for text in (mutant.before, mutant.after))
    place = mutant.path.removeprefix("src/lossfn/")
    return f"| {place} | {before} | {after} | {reasons.get(place, {}).get(mutant.before, OPEN)} |"
