"""The command `lossfn`: finds its subcommands by name and turns every failure into one sentence."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from difflib import get_close_matches
from importlib import import_module
from typing import Any, NoReturn

import click

from lossfn import __version__
from lossfn.cli.faults import InputError
from lossfn.core.errors import LossfnError

COMMANDS = {
    "train": "train",
    "evaluate": "evaluate",
    "explain": "explain",
    "compare": "compare",
    "show": "show",
    "list": "catalogue",
    "check": "check",
    "bench": "bench",
}
FAILED, MISUSED = 1, 2


class App(click.Group):
    """The group of all commands, each loaded on first use."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order a newcomer meets them."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Load one command."""
        if cmd_name not in COMMANDS:
            return None
        command: click.Command = import_module(f"lossfn.cli.{COMMANDS[cmd_name]}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Find the command, or say which was meant."""
        if args[0] not in COMMANDS and not args[0].startswith("-"):
            close = get_close_matches(args[0], COMMANDS, n=1)
            hint = f"Did you mean {close[0]}?" if close else f"There are {', '.join(COMMANDS)}."
            raise InputError(f"unknown command {args[0]!r}. {hint}")
        return super().resolve_command(ctx, args)

    def main(  # type: ignore[override]  # always standalone
        self, args: Sequence[str] | None = None, prog_name: str | None = None, **extra: Any
    ) -> NoReturn:
        """Run a command and exit: 0 done, 1 failed, 2 called wrongly."""
        for stream in (sys.stdout, sys.stderr):
            if hasattr(stream, "reconfigure"):
                stream.reconfigure(errors="replace")  # a terminal without Greek letters shows question marks
        sys.exit(self._guarded(args, extra))

    def _guarded(self, args: Sequence[str] | None, extra: dict[str, Any]) -> int:
        try:
            code = super().main(args, "lossfn", **extra | {"standalone_mode": False})
            sys.stdout.flush()
        except BrokenPipeError:
            _close_output()
            return FAILED
        except (KeyboardInterrupt, click.Abort):
            return _complain("stopped.", FAILED)
        except click.exceptions.NoArgsIsHelpError as error:
            click.echo(error.format_message(), err=True)
            return MISUSED
        except Exception as error:
            if "LOSSFN_TRACEBACK" in os.environ:
                raise
            return _complain(*_worded(error))
        return code if isinstance(code, int) else 0


def _worded(error: Exception) -> tuple[str, int]:
    if isinstance(error, click.MissingParameter) and error.param and error.ctx:
        name = (error.param.metavar if error.param.param_type_name == "argument" else error.param.opts[0]) or ""
        return f"missing {name.partition(' ')[0]}. {error.ctx.get_usage()}", MISUSED
    if isinstance(error, click.BadParameter) and error.param:
        said = error.message.replace("integer range", "whole number").replace("float range", "number")
        return f"{error.param.opts[0]}: {said}", MISUSED
    if isinstance(error, click.ClickException):
        return error.format_message(), MISUSED
    if isinstance(error, (LossfnError, ImportError)):
        return str(error), MISUSED
    if isinstance(error, OSError):
        return f"{error.filename or 'file'}: {(error.strerror or str(error)).lower()}.", MISUSED
    from lossfn.cli.own import place_of

    place = place_of(error)
    if place:
        return f"{place}: {type(error).__name__}: {error}. lossfn check tells more.", MISUSED
    hint = "Set LOSSFN_TRACEBACK=1 to see where, and please report it"
    return f"{type(error).__name__}: {error}. This is a defect of lossfn. {hint}.", FAILED


def _complain(message: str, code: int) -> int:
    click.echo(f"lossfn: {' '.join(message.split())}", err=True)
    return code


def _close_output() -> None:
    """Let the interpreter flush into nothing: whoever read our output has gone."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


@click.group(
    cls=App,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="""\b
Examples:
  lossfn train digits --loss CrossEntropy --report report.html
  lossfn show huber --delta 2 --plot huber.svg""",
)
@click.version_option(__version__, message="%(prog)s %(version)s")
def app() -> None:
    """Loss functions with exact gradient and curvature: train, evaluate, explain, check."""
