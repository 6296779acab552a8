"""What `lossfn train` says on the screen."""

from __future__ import annotations

from pathlib import Path

from lossfn.cli.fit import Outcome
from lossfn.cli.screen import facts, title
from lossfn.explanation.text import call


def summary(outcome: Outcome, report: Path | None) -> None:
    """Print loss, data, model, training and test figures, one a line."""
    title(f"{call(outcome.loss)} on {outcome.data.name}")
    facts((lines(outcome) | ({"report": str(report)} if report else {})).items())


def lines(outcome: Outcome) -> dict[str, str]:
    """Return the facts of a training by name."""
    history, data = outcome.history, outcome.data
    what = f", {len(data.class_names)} classes" if data.class_names else ""
    best = f", the best one is kept: epoch {history.best_epoch}"
    found = {
        "data": f"{len(data.x_train)} rows to learn from, {len(data.x_test)} to test on{what}",
        "model": outcome.model,
        "training": f"{history.epochs} epochs in {history.seconds:.1f} s{best}",
        "test": f"{' '.join(figure(outcome))}, loss {outcome.test['loss']:.4g}",
    }
    seen = unit(outcome)
    return found | ({"unit": seen} if seen else {}) | hardest(outcome)


def hardest(outcome: Outcome) -> dict[str, str]:
    """Return which group carries the most loss for its size."""
    groups, rows = outcome.shares.groups, outcome.shares.total.count
    if not groups or not groups[0].share > 0:
        return {}
    worst = max(groups, key=lambda group: group.share)
    what = "class " if outcome.data.class_names else ""
    share = f"{worst.share:.0%} of the test loss from {worst.count / rows:.0%} of the rows"
    return {"hardest": f"{what}{worst.group}: {share}"}


def figure(outcome: Outcome) -> tuple[str, str]:
    """Return the name of the test metric and its figure."""
    metric = outcome.role.metric
    value = outcome.test[metric]
    return ("accuracy", f"{value:.3f}") if metric == "accuracy" else ("mean squared error", f"{value:.4g}")


def unit(outcome: Outcome) -> str:
    """Return the unit in which the loss sees the target of a regression."""
    role = outcome.role
    if role.metric == "accuracy":
        return ""
    sign, size = ("+", -role.shift) if role.shift < 0 else ("−", role.shift)
    shifted = f"(target {sign} {size:.4g}) / {role.scale:.4g}" if role.shift else f"target / {role.scale:.4g}"
    return f"The loss sees {shifted}."
