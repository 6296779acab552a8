"""`lossfn bench`: what can be measured here, measured."""

from __future__ import annotations

import click


@click.command(
    short_help="Measure how accurate the losses are.",
    epilog="""\b
Example:
  lossfn bench --accuracy --loss huber""",
)
@click.option("--accuracy", is_flag=True, required=True, help="Errors against truths at 200 digits.")
@click.option("--loss", "part", default="", metavar="NAME", help="Only losses whose name contains NAME.")
@click.option("--json", "as_json", is_flag=True, help="Print one JSON list and nothing else.")
def command(accuracy: bool, part: str, as_json: bool) -> None:
    """Measure value, gradient and curvature of each loss in each dtype, beside other libraries that are installed.

    Errors are in units in the last place (ULP); where terms cancel, of the largest term.
    """
    from lossfn.cli import accuracy as table
    from lossfn.cli import outputs

    found = table.measured(part)
    if as_json:
        outputs.as_json([one._asdict() for one in found])
    else:
        click.echo(table.written(found))
