"""`lossfn show`: a loss as formulas, and as a picture."""

from __future__ import annotations

from pathlib import Path

import click

from lossfn.cli.words import LossCommand, asked


@click.command(
    cls=LossCommand,
    options_metavar="",
    short_help="Show a loss as formulas and as a picture.",
    epilog="""\b
Example:
  lossfn show huber --delta 2 --plot huber.svg""",
)
@click.argument("loss", metavar="LOSS [OPTIONS]")
@click.option("--plot", type=click.Path(path_type=Path), metavar="FILE.svg", help="Draw it: SVG, PNG or PDF.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.pass_context
def command(ctx: click.Context, loss: str, plot: Path | None, as_json: bool) -> None:
    """Show value, gradient and curvature of a loss as formulas, and what other libraries make of it.

    LOSS is a name of `lossfn list`, or FILE.py:Class. Its hyperparameters are options.
    """
    from lossfn.cli import description, losses, outputs

    shown = losses.build(asked(ctx)[0])
    if plot:
        description.draw(shown, plot)
    if as_json:
        outputs.as_json(description.figures(shown) | ({"plot": str(plot)} if plot else {}))
    else:
        description.show(shown, plot)
