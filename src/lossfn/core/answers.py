"""What a fitted model answers: the mean, quantile or probability that the optimum of its loss stands for."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lossfn.core.domain import REAL, UNIT, Choice
from lossfn.core.kinds import Pointwise
from lossfn.core.links import domains, into

Reading = Callable[[Any, Any], Any]

# From what a loss estimates to the number asked for; where it is not named, the prediction is the answer.
NUMBERS: dict[str, Reading] = {"log of the mean": lambda m, x: m.exp(x)}
# The same for the probability of the label 1; a sharpened logit orders the rows and is not calibrated.
PROBABILITIES: dict[str, Reading] = {
    "probability of the label 1": lambda m, p: p,
    "logit of the probability of the label 1": lambda m, x: m.sigmoid(x),
    "half the logit of the probability of the label 1": lambda m, x: m.sigmoid(2.0 * x),
    "2p - 1 for the probability p of the label 1": lambda m, x: m.minimum(m.maximum(0.5 + 0.5 * x, 0.0), 1.0),
    "a sharpened logit: not a calibrated probability": lambda m, x: m.sigmoid(x),
}


def kind(loss: Any) -> str:
    """Say what a loss is for: "numbers", "two classes" or "classes"."""
    if not isinstance(loss, Pointwise):
        return "classes"
    target: Any = loss.domains().get("target", REAL)
    return "two classes" if isinstance(target, Choice) or target == UNIT else "numbers"


def number(m: Any, loss: Any, *scores: Any) -> Any:
    """Return the number a loss stands for, from its scores: of several predictions the first, a location."""
    domain = next(iter(domains(loss).values()))
    read = (NUMBERS | PROBABILITIES).get(str(loss.estimates), _itself)
    return read(m, into(m, domain, scores[0]))


def probability(loss: Any) -> Reading | None:
    """Return how the probability of the label 1 is read from a score, or None where the loss has none."""
    (domain,) = domains(loss).values()
    read = PROBABILITIES.get(str(loss.estimates))
    return None if read is None else lambda m, score: read(m, into(m, domain, score))


def _itself(m: Any, prediction: Any) -> Any:
    return prediction
