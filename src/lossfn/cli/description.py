"""What `lossfn show` says of a loss."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from lossfn.cli.outputs import check_place, writing
from lossfn.cli.screen import blank, facts, text, title
from lossfn.core.domain import REAL
from lossfn.core.kinds import Pointwise
from lossfn.core.loss import Loss
from lossfn.explanation.formulas import Formula, describe
from lossfn.explanation.text import call


def draw(loss: Loss, place: Path) -> None:
    """Write the picture of a loss."""
    from lossfn.explanation.plots import plot
    from lossfn.explanation.style import FORMATS, save

    check_place(place, FORMATS)
    with writing(place):
        save(plot(loss), place)


def figures(loss: Loss) -> dict[str, Any]:
    """Return the description as an object for `--json`."""
    found = describe(loss)
    formulas = {formula.name: str(formula) for formula in found.formulas}
    return {"loss": repr(loss), "about": about(loss), "formulas": formulas, "where": found.definitions} | traits(loss)


def show(loss: Loss, plot: Path | None) -> None:
    """Print formulas, then traits, then conventions elsewhere."""
    title(call(loss))
    text(about(loss))
    blank()
    found = describe(loss)
    meaning = [("" if place else "where", line) for place, line in enumerate(found.definitions)]
    facts([*(line for formula in found.formulas for line in _lines(formula)), *meaning])
    blank()
    others = traits(loss) | ({"picture": str(plot)} if plot else {})
    elsewhere = others.pop("elsewhere")
    facts(others.items())
    if elsewhere:
        blank()
        title("In other libraries")
        facts(elsewhere.items())


def about(loss: Loss) -> str:
    """Return the first sentence of the documentation."""
    return (inspect.getdoc(type(loss)) or "").partition("\n\n")[0].replace("\n", " ")


def traits(loss: Any) -> dict[str, Any]:
    """Return what a loss takes and estimates, and what it is called elsewhere."""
    domains = loss.domains()
    takes = {name: _members(domains.get(name)) for name in (*loss.predictions, "target")}
    if not isinstance(loss, Pointwise):
        takes["prediction"] = (
            "log-probabilities of the classes" if loss.takes == "log_probs" else "a score for each class"
        )
        takes["target"] = "class numbers" if "target" not in loss.inputs else "a distribution over the classes"
    convex = "yes" if loss.convex else "no"
    return {"estimates": loss.estimates, **takes, "convex": convex, "elsewhere": dict(loss.elsewhere)}


def _members(domain: Any) -> str:
    return "any real number" if domain in (None, REAL) else f"a number in {domain}"


def _lines(formula: Formula) -> list[tuple[str, str]]:
    """Return one line a case, the conditions below each other."""
    width = max(len(part) for part, _ in formula.cases)
    cases = [f"= {part:{width}}  {condition}".rstrip() for part, condition in formula.cases]
    return [("" if place else formula.name, case) for place, case in enumerate(cases)]
