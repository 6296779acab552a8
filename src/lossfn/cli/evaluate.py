"""`lossfn evaluate`: what predictions in a file cost under one loss or several, and where."""

from __future__ import annotations

from pathlib import Path

import click

from lossfn.cli.file_options import of_file
from lossfn.cli.words import LossCommand, asked


@click.command(
    cls=LossCommand,
    options_metavar="",
    short_help="Show what predictions in a file cost.",
    epilog="""\b
Hyperparameters of a loss are options, too, and follow their --loss:
  lossfn evaluate runs.csv --target y --prediction p --by region --loss Huber --delta 2 --top 5
  lossfn evaluate digits.parquet --target label --prediction p0,p1,p2 --loss CrossEntropy""",
)
@of_file
@click.option("--by", metavar="COL", help="Show each group's share of the loss.")
@click.option("--loss", metavar="NAME", required=True, multiple=True, help="A loss; may be repeated.")
@click.option("--top", type=click.IntRange(0), default=0, metavar="N", help="Show the N rows that cost most.")
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
    as_json: bool,
) -> None:
    """Show what predictions in a file cost: in all, by group, row by row.

    FILE is CSV, Parquet, Arrow, NPY with named fields, or NPZ.
    """
    from lossfn.cli import columns, evaluation, losses, outputs, tables

    wanted = [losses.build(one) for one in asked(ctx)]
    named = columns.Named(tables.read(file), prediction.split(","), target.split(","), weight, by)
    found = [evaluation.evaluate(one, named, top) for one in wanted]
    if as_json:
        outputs.as_json({"file": str(file), "losses": [evaluation.figures(one) for one in found]})
    else:
        evaluation.show(found)
