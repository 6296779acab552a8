"""What `lossfn train` says on the screen."""

from __future__ import annotations

from pathlib import Path

from lossfn.cli.fit import Outcome
from lossfn.cli.screen import facts, title
from lossfn.explain.text import short


def summary(outcome: Outcome, report: Path | None) -> None:
    """Print loss, data, network, training and test figures, one a line."""
    title(f"{outcome.loss!r} on {outcome.data.name}")
    facts(lines(outcome) | ({"report": str(report)} if report else {}))


def lines(outcome: Outcome) -> dict[str, str]:
    """Return the facts of a training by name."""
    history, data, settings = outcome.history, outcome.data, outcome.settings
    what = f", {len(data.class_names)} classes" if data.class_names else ""
    best = f", the best one is kept: epoch {history.best_epoch}"
    found = {
        "data": f"{len(data.x_train)} rows to learn from, {len(data.x_test)} to test on{what}",
        "network": f"{settings.model}, {' → '.join(map(str, outcome.widths))}",
        "training": f"{history.epochs} epochs in {history.seconds:.1f} s{best}",
        "test": _test(outcome),
    }
    unit = _unit(outcome)
    return found | ({"unit": unit} if unit else {}) | hardest(outcome)


def hardest(outcome: Outcome) -> dict[str, str]:
    """Return which group carries the most loss for its size."""
    groups, rows = outcome.shares.groups, outcome.shares.total.count
    if not groups or not groups[0].share > 0:
        return {}
    worst = max(groups, key=lambda group: group.share)
    what = "class " if outcome.data.class_names else ""
    share = f"{worst.share:.0%} of the test loss from {worst.count / rows:.0%} of the rows"
    return {"hardest": f"{what}{worst.group}: {share}"}


def _test(outcome: Outcome) -> str:
    metric = outcome.role.metric
    figure = outcome.test[metric]
    name = f"accuracy {figure:.3f}" if metric == "accuracy" else f"mean squared error {short(float(f'{figure:.4g}'))}"
    return f"{name}, loss {outcome.test['loss']:.4g}"


def _unit(outcome: Outcome) -> str:
    role = outcome.role
    if role.metric == "accuracy":
        return ""
    shifted = f"(target − {role.shift:.4g}) / {role.scale:.4g}" if role.shift else f"target / {role.scale:.4g}"
    return f"the loss sees {shifted}"
