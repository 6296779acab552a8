"""Commands whose options include the hyperparameters of the losses they are called with."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import click

KEY = "lossfn.cli.losses"


@dataclass
class Asked:
    """A loss as it was asked for: its name, and hyperparameters as they were written (None: no value)."""

    name: str
    options: dict[str, str | None] = field(default_factory=dict)


@dataclass(frozen=True)
class Spare:
    """An option that is not the command's own, and how many losses were named before it."""

    name: str
    text: str | None
    after: int


class LossCommand(click.Command):
    """A command that hands the options it does not know to its losses, which check them by name."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Take the losses and their hyperparameters out of the words."""
        own, names, spare = self._split(ctx, args)
        if spare and not set(args) & set(ctx.help_option_names):
            from lossfn.cli.losses import assign

            ctx.meta[KEY] = assign(names, spare, list(self._options(ctx)))
        else:
            ctx.meta[KEY] = [Asked(name) for name in names]
        return super().parse_args(ctx, own)

    def _options(self, ctx: click.Context) -> dict[str, click.Parameter]:
        return {word: p for p in self.get_params(ctx) for word in (*p.opts, *p.secondary_opts) if word[:1] == "-"}

    def _split(self, ctx: click.Context, args: list[str]) -> tuple[list[str], list[str], list[Spare]]:
        known, positional = self._options(ctx), not any(p.name == "loss" and p.opts[0][:1] == "-" for p in self.params)
        own: list[str] = []
        names: list[str] = []
        spare: list[Spare] = []
        words = _Words(args)
        for word in words:
            name, given, text = word.partition("=")
            if name in known:
                value = text if given else words.value(known[name])
                own += [name] if value is None else [name, value]
                names += [value] if name == "--loss" and value is not None else []
            elif word.startswith("--") and len(word) > 2:
                spare.append(Spare(name, text if given else words.value(None), len(names)))
            else:
                own.append(word)
                names += [word] if positional and not names else []
        return own, names, spare


class _Words:
    """The words of a command line, one after another, an option's value on demand."""

    def __init__(self, args: list[str]) -> None:
        self.left = list(reversed(args))

    def __iter__(self) -> Iterator[str]:
        while self.left:
            yield self.left.pop()

    def value(self, parameter: click.Parameter | None) -> str | None:
        """Take the value of an option; None if it has none, or if another option follows one that is not known."""
        flag = isinstance(parameter, click.Option) and (parameter.is_flag or parameter.count)
        takes = not flag and self.left and (parameter is not None or not self.left[-1].startswith("--"))
        return self.left.pop() if takes else None


def asked(ctx: click.Context) -> list[Asked]:
    """Return the losses a command was called with."""
    found: Any = ctx.meta[KEY]
    return list(found)
