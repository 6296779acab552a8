"""`lossfn check`: the laws every loss keeps, tried on one loss."""

from __future__ import annotations

import click

from lossfn.cli.words import LossCommand, asked


@click.command(
    cls=LossCommand,
    options_metavar="",
    short_help="Try a loss of your own on the laws.",
    epilog="""\b
Example:
  lossfn check own_loss.py:SmoothQuantile --q 0.9""",
)
@click.argument("loss", metavar="FILE.py:Class [OPTIONS]")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object and nothing else.")
@click.pass_context
def command(ctx: click.Context, loss: str, as_json: bool) -> None:
    """Try a loss of your own on the laws the built-in losses keep; exit with 1 if it breaks one.

    FILE.py:Class is a class in a Python file of yours, which is run; the name of a built-in loss will do, too.
    """
    from lossfn.cli import laws, losses, outputs

    checked = losses.build(asked(ctx)[0])
    found = laws.results(checked)
    if as_json:
        outputs.as_json(laws.figures(checked, found))
    else:
        laws.show(checked, found)
    ctx.exit(0 if all(result.passed for result in found) else 1)
