"""What a fitted model answers: the mean, quantile or probability that the optimum of its loss stands for; and back."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from lossfn.core.domain import REAL, UNIT, Choice
from lossfn.core.kinds import Pointwise
from lossfn.core.links import domains, into

Reading = Callable[[Any, Any], Any]


def _itself(m: Any, prediction: Any) -> Any:
    return prediction


def _logit(m: Any, p: Any) -> Any:
    return m.log(p) - m.log1p(-p)


# From what a loss estimates to the number asked for, and back; where it is not named, the prediction is the answer.
NUMBERS: dict[str, tuple[Reading, Reading]] = {"log of the mean": (lambda m, x: m.exp(x), lambda m, x: m.log(x))}
# The same for the probability of the label 1; a sharpened logit orders the rows and is not calibrated.
PROBABILITIES: dict[str, tuple[Reading, Reading]] = {
    "probability of the label 1": (_itself, _itself),
    "logit of the probability of the label 1": (lambda m, x: m.sigmoid(x), _logit),
    "half the logit of the probability of the label 1": (
        lambda m, x: m.sigmoid(2.0 * x),
        lambda m, p: 0.5 * _logit(m, p),
    ),
    "2p - 1 for the probability p of the label 1": (
        lambda m, x: m.minimum(m.maximum(0.5 + 0.5 * x, 0.0), 1.0),
        lambda m, p: 2.0 * p - 1.0,
    ),
    "a sharpened logit: not a calibrated probability": (lambda m, x: m.sigmoid(x), _logit),
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
    return _readings(loss)[0](m, into(m, domain, scores[0]))


def prediction(m: Any, loss: Any, answer: Any) -> Any:
    """Return the prediction, as a loss of one takes it, that stands for an answer: a number, or a probability."""
    return _readings(loss)[1](m, answer)


def answer(m: Any, loss: Any, prediction: Any) -> Any:
    """Return what a prediction, as a loss of one takes it, stands for: a number, or a probability of the label 1."""
    return _readings(loss)[0](m, prediction)


def probability(loss: Any) -> Reading | None:
    """Return how the probability of the label 1 is read from a score, or None where the loss has none."""
    (domain,) = domains(loss).values()
    read = PROBABILITIES.get(str(loss.estimates))
    return None if read is None else lambda m, score: read[0](m, into(m, domain, score))


def score(m: Any, loss: Any, p: Any) -> Any:
    """Return the score that stands for a probability of the label 1, one strictly between 0 and 1."""
    (domain,) = domains(loss).values()
    found = prediction(m, loss, p)
    return _logit(m, found) if domain == UNIT else found


def _readings(loss: Any) -> tuple[Reading, Reading]:
    return (NUMBERS | PROBABILITIES).get(str(loss.estimates), (_itself, _itself))
