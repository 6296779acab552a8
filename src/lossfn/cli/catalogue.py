"""`lossfn list`: every loss, what it estimates, its hyperparameters."""

from __future__ import annotations

import click


@click.command("list", short_help="List all losses.")
@click.option("--json", "as_json", is_flag=True, help="Print a JSON array and nothing else.")
def command(as_json: bool) -> None:
    """List all losses: what each is for, what it estimates, its hyperparameters."""
    from lossfn.cli import outputs
    from lossfn.cli.index import entries, show

    if as_json:
        outputs.as_json(entries())
    else:
        show()
