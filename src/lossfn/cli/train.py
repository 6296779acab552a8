"""`lossfn train`: fit a small network, a linear model or boosted trees under any loss."""

from __future__ import annotations

import shlex
import sys
from pathlib import Path

import click

from lossfn.cli.faults import InputError
from lossfn.cli.words import LossCommand, asked

ADAM, TREES = 0.01, 0.1  # steps
BOOSTED = ["hist", "xgboost", "lightgbm", "catboost"]


@click.command(
    cls=LossCommand,
    options_metavar="",
    short_help="Train a model under any loss.",
    epilog="""\b
Hyperparameters of the loss are options, too:
  lossfn train digits --loss CrossEntropy --label-smoothing 0.1
  lossfn train houses.csv --target price --loss Huber --delta 2 --report report.html
  lossfn train diabetes --loss own_loss.py:SmoothQuantile --q 0.9""",
)
@click.argument("data", metavar="DATA --loss NAME [OPTIONS]")
@click.option("--loss", metavar="NAME", required=True, help="What to minimise; `lossfn list` names all losses.")
@click.option("--target", metavar="COL", help="The column of a file to predict.")
@click.option("--features", metavar="COL,COL", help="Columns to predict from.  [default: all others]")
@click.option(
    "--model",
    type=click.Choice(["mlp", "linear", *BOOSTED]),
    default="mlp",
    show_default=True,
    help="A network, a linear model, or boosted trees: scikit-learn's, or of a library.",
)
@click.option(
    "--epochs",
    type=click.IntRange(1),
    metavar="N",
    default=100,
    show_default=True,
    help="Passes over the data at most, or rounds of trees.",
)
@click.option(
    "--patience",
    type=click.IntRange(1),
    metavar="N",
    default=15,
    show_default=True,
    help="Epochs without progress to stop after.",
)
@click.option(
    "--batch-size", type=click.IntRange(1), metavar="N", default=32, show_default=True, help="Rows a step of a network."
)
@click.option(
    "--learning-rate",
    type=click.FloatRange(0, min_open=True),
    metavar="X",
    default=lambda: TREES if click.get_current_context().params.get("model") in BOOSTED else ADAM,
    show_default=f"{ADAM}, of trees {TREES}",
    help="Adam's step, or the share of each tree.",
)
@click.option(
    "--seed", type=click.IntRange(0), metavar="N", default=0, show_default=True, help="Same seed, same result."
)
@click.option("--report", type=click.Path(path_type=Path), metavar="FILE.html", help="Write a page with pictures.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.option("--quiet", is_flag=True, help="Print nothing but errors.")
@click.pass_context
def command(
    ctx: click.Context,
    /,
    data: str,
    loss: str,
    target: str | None,
    features: str | None,
    report: Path | None,
    as_json: bool,
    quiet: bool,
    **settings: object,
) -> None:
    """Train a model under any loss, and measure it on rows it has not seen.

    DATA is digits, diabetes, breast_cancer, sine, spiral, or a CSV, Parquet, Arrow, NPY or NPZ file.
    """
    from lossfn.cli import fit, losses, outputs, sources

    if report:
        outputs.check_place(report, (".html", ".htm"))
    if len(asked(ctx)) > 1:
        names = " and ".join(one.name for one in asked(ctx))
        raise InputError(f"train takes one loss, got {names}. To compare losses, use lossfn compare.")
    wanted = losses.build(asked(ctx)[0])
    rows = sources.source(data, wanted, target, features, int(str(settings["seed"])))
    outcome = fit.fit(wanted, rows, fit.Settings(**settings), progress=not quiet)  # type: ignore[arg-type]
    if report:
        from lossfn.cli.pages import page

        outputs.write(report, page(outcome, shlex.join(["lossfn", *sys.argv[1:]])))
    if as_json:
        outputs.as_json(fit.figures(outcome) | ({"report": str(report)} if report else {}))
    elif not quiet:
        from lossfn.cli.summary import summary

        summary(outcome, report)
