"""The file of predictions that a command reads, and what its columns are."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

OPTIONS = (
    click.argument(
        "file", type=click.Path(path_type=Path), metavar="FILE --target COL --prediction COL --loss NAME [OPTIONS]"
    ),
    click.option(
        "--target", metavar="COL", required=True, help="True values or class numbers; COL,COL for probabilities."
    ),
    click.option(
        "--prediction",
        metavar="COL[,COL]",
        required=True,
        help="Predictions: one column, one for each class, or mean,variance.",
    ),
    click.option("--weight", metavar="COL", help="Weight of each row."),
)


def of_file(command: Callable[..., Any]) -> Callable[..., Any]:
    """Give a command the file and its columns, in front of its other options."""
    for option in reversed(OPTIONS):
        command = option(command)
    return command
