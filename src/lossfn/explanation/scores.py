"""How the slopes of a formula in its statistics return to the scores of a row, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from lossfn.core.kinds import Distribution, Row

# A formula's slope in each statistic, and the first and second derivative of that statistic in score k.
LETTERS = {"log_prob": "a", "log_sum_exp": "b", "mean_log_prob": "c"}
FIRST = {"a": "(1[k = y] − p_k)", "b": "p_k", "c": "(w_k − p_k·Σw)/K"}
SECOND = {"a": " − a·p_k·(1 − p_k)", "b": " + b·p_k·(1 − p_k)", "c": " − c·Σw/K·p_k·(1 − p_k)"}


def returned(loss: Any, found: Collection[str]) -> tuple[dict[str, str], tuple[str, ...]]:
    """Return the formulas of gradient and hessian in score k, and what their symbols mean.

    `found` names the slopes (a, b, c) and second derivatives (a', b', c') that are not 0.
    """
    if not isinstance(loss, (Row, Distribution)):
        return {}, ()
    gradient, hessian = _row(loss, found) if isinstance(loss, Row) else _distribution(loss, found)
    meaning = [f"{letter} = ∂value/∂{name}" for name, letter in LETTERS.items() if letter in found]
    meaning += [f"{letter}' = ∂{letter}/∂{name}" for name, letter in LETTERS.items() if letter + "'" in found]
    symbols = ["p = softmax(scores)"] * (loss.takes == "logits") + ["y the label"] * isinstance(loss, Row)
    share = ["the value is one class's share: sums run over the classes"] * isinstance(loss, Distribution)
    return {"gradient in score k": gradient, "hessian in score k": hessian}, (*meaning, *symbols, *share)


def _row(loss: Row, found: Collection[str]) -> tuple[str, str]:
    if loss.takes == "log_probs":
        return "a·1[k = y]", "a'·1[k = y]" if "a'" in found else "0"
    slopes, bent = ([letter for letter in FIRST if letter + mark in found] for mark in ("", "'"))
    gradient = " + ".join(f"{letter}·{FIRST[letter]}" for letter in slopes)
    squares = " + ".join(f"{letter}'·{FIRST[letter]}²" for letter in bent)
    hessian = squares + "".join(SECOND[letter] for letter in slopes)
    return gradient or "0", hessian if squares else _opened(hessian)


def _opened(terms: str) -> str:
    return terms.removeprefix(" + ") if not terms.startswith(" − ") else f"−{terms[3:]}"


def _distribution(loss: Distribution, found: Collection[str]) -> tuple[str, str]:
    if loss.takes == "log_probs":
        return "a_k", "a'_k" if "a'" in found else "0"
    curved = "a'_k·(1 − 2·p_k) + p_k²·Σa' " if "a'" in found else ""
    return "a_k − p_k·Σa", f"{curved}− p_k·(1 − p_k)·Σa".replace("− ", "−" if not curved else "− ", 1)
