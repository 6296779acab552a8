"""The laws of `lossfn check`, tried and shown."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

from lossfn.cli.screen import marks, title
from lossfn.core.loss import Loss
from lossfn.explanation.laws import LAWS, LawResult, results

__all__ = ["figures", "results", "show"]
from lossfn.explanation.text import call


def figures(loss: Loss, found: Sequence[LawResult]) -> dict[str, Any]:
    """Return the results as an object for `--json`."""
    return {
        "loss": repr(loss),
        "passed": all(result.passed for result in found),
        "laws": [vars(result) for result in found],
    }


def show(loss: Loss, found: Sequence[LawResult]) -> None:
    """Print a line for each law: what it says, or how it is broken."""
    title(call(loss))
    marks([(result.passed, result.name, _said(result)) for result in found])
    broken = sum(not result.passed for result in found)
    title(f"{broken} of {len(found)} laws broken" if broken else f"all {len(found)} laws hold")


def _said(result: LawResult) -> str:
    return result.detail or (inspect.getdoc(LAWS[result.name]) or "").partition("\n")[0]
