"""`lossfn explain`: which rows, groups, classes and terms carry a loss, and who pulls at the model."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from lossfn.cli.file_options import of_file
from lossfn.cli.words import LossCommand, asked


@click.command(
    cls=LossCommand,
    options_metavar="",
    short_help="Show who carries a loss, and who pulls.",
    epilog="""\b
Hyperparameters of a loss are options, too, and follow their --loss:
  lossfn explain runs.csv --target y --prediction p --by region --loss Huber --delta 2 --report report.html
  lossfn explain digits.parquet --target label --prediction p0,p1,p2 --loss CrossEntropy --loss Focal""",
)
@of_file
@click.option("--by", metavar="COL", help="Show each group's share of loss and gradient.")
@click.option(
    "--loss",
    metavar="NAME",
    required=True,
    multiple=True,
    help="What to explain; those named after it are compared with it.  [default: with classic ones]",
)
@click.option("--top", type=click.IntRange(0), default=5, metavar="N", show_default=True, help="Rows to show.")
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.pass_context
def command(
    ctx: click.Context,
    file: Path,
    target: str,
    prediction: str,
    weight: str | None,
    by: str | None,
    loss: tuple[str, ...],
    top: int,
    report: Path | None,
    as_json: bool,
) -> None:
    """Show which rows, groups, classes and terms carry a loss, and how hard they pull at the model.

    The pull of a row is the length of its gradient. FILE is CSV, Parquet, Arrow, NPY with named fields, or NPZ.
    """
    from lossfn.cli import columns, explaining, losses, outputs, tables

    if report:
        outputs.check_place(report, (".html", ".htm"))
    first, *others = (losses.build(one) for one in asked(ctx))
    named = columns.Named(tables.read(file), prediction.split(","), target.split(","), weight, by)
    found = explaining.explained(first, others, named)
    if report:
        outputs.write(report, explaining.page(found, file.name, shlex.join(["lossfn", *sys.argv[1:]])))
    if as_json:
        written = {"report": str(report)} if report else {}
        outputs.as_json({"file": str(file)} | explaining.figures(found, top) | written)
    else:
        explaining.show(found, top, report)
