"""What torch's functionals share: old reduction arguments, weights, broadcasting."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from functools import wraps
from typing import Any, ParamSpec

import torch

from lossfn.core.errors import OptionError
from lossfn.core.loss import Loss

Tensor = torch.Tensor
NAMES = ("mean", "sum", "none")


P = ParamSpec("P")


def served(function: Callable[P, Tensor]) -> Callable[P, Tensor]:
    """Leave calls inside a compiled graph to torch's function of the same name: ours looks at values."""
    theirs: Callable[P, Tensor] = getattr(torch.nn.functional, function.__name__)

    @wraps(function)
    def serve(*args: P.args, **kwargs: P.kwargs) -> Tensor:
        return theirs(*args, **kwargs) if torch.compiler.is_compiling() else function(*args, **kwargs)

    return serve


def chosen(reduction: str, size_average: bool | None = None, reduce: bool | None = None) -> str:
    """Return the reduction; `size_average` and `reduce`, if given, override it with torch's warning."""
    if size_average is not None or reduce is not None:
        averaged = size_average is None or size_average
        reduction = "none" if reduce is False else "mean" if averaged else "sum"
        words = f"size_average and reduce args will be deprecated, please use reduction='{reduction}' instead."
        warnings.warn(words, stacklevel=3)
    if reduction not in NAMES:
        raise OptionError(f"{reduction} is not a valid value for reduction")
    return reduction


def reduced(terms: Tensor, reduction: str) -> Tensor:
    """Reduce terms that are tensors already."""
    return terms if reduction == "none" else terms.mean() if reduction == "mean" else terms.sum()


def evaluated(
    loss: Loss,
    prediction: Any,
    target: Tensor,
    reduction: str,
    weight: Tensor | None = None,
    check: bool = False,
) -> Tensor:
    """Evaluate an elementwise loss; a mean divides by the number of elements whatever they weigh."""
    if weight is None:
        found: Tensor = loss(prediction, target, reduction=reduction, empty="nan", check=check)
        return found
    terms: Tensor = loss(prediction, target, reduction="none", check=check)
    return reduced(terms * weight, reduction)


def paired(first: Tensor, *others: Tensor, warn: bool = False) -> tuple[Tensor, ...]:
    """Broadcast as torch does, with its warning where it has one."""
    if all(other.shape == first.shape for other in others):
        return first, *others
    if warn:
        words = (
            f"Using a target size ({others[0].size()}) that is different to the input size ({first.size()}). "
            "This will likely lead to incorrect results due to broadcasting. Please ensure they have the same size."
        )
        warnings.warn(words, stacklevel=3)
    return tuple(torch.broadcast_tensors(first, *others))  # type: ignore[no-untyped-call]
