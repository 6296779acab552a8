"""`lossfn compare`: the same model under several losses, each measured by all of them."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from lossfn.cli.words import LossCommand, asked


@click.command(
    cls=LossCommand,
    options_metavar="",
    short_help="Train a model under several losses.",
    epilog="""\b
Hyperparameters of a loss are options, too, and follow their --loss:
  lossfn compare diabetes --loss SquaredError --loss Huber --delta 20 --loss Quantile --q 0.9
  lossfn compare spiral --loss CrossEntropy --loss Focal --model mlp --report report.html""",
)
@click.argument("data", metavar="DATA --loss NAME --loss NAME [OPTIONS]")
@click.option("--loss", metavar="NAME", required=True, multiple=True, help="What to minimise; one for each training.")
@click.option("--target", metavar="COL", help="The column of a file to predict.")
@click.option("--features", metavar="COL,COL", help="Columns to predict from.  [default: all others]")
@click.option(
    "--model",
    type=click.Choice(["linear", "mlp", "hist"]),
    default="linear",
    show_default=True,
    help="A linear model, a network, or boosted trees.",
)
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", default=0, show_default=True, help="Same seed, same result."
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.pass_context
def command(
    ctx: click.Context,
    data: str,
    loss: tuple[str, ...],
    target: str | None,
    features: str | None,
    model: str,
    seed: int,
    report: Path | None,
    as_json: bool,
) -> None:
    """Train the same model under several losses, and measure each by all of them on rows it has not seen.

    DATA is digits, diabetes, breast_cancer, sine, spiral, or a CSV, Parquet, Arrow, NPY or NPZ file.
    """
    from lossfn.cli import comparing, losses, outputs, sources

    if report:
        outputs.check_place(report, (".html", ".htm"))
    wanted = [losses.build(one) for one in asked(ctx)]
    found = comparing.compared(wanted, sources.source(data, wanted[0], target, features, seed), model, seed)
    if report:
        outputs.write(report, comparing.page(found, shlex.join(["lossfn", *sys.argv[1:]])))
    if as_json:
        outputs.as_json(comparing.figures(found, model) | ({"report": str(report)} if report else {}))
    else:
        comparing.show(found, model, report)
