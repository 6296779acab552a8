"""The outcome of a check, and how it reads."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from lossfn.explanation.gradcheck.differences import Slopes

Array = NDArray[Any]
RELATIVE = 1e-6


@dataclass(frozen=True)
class GradCheck:
    """What a check found; true in a condition if the gradient is right.

    Attributes
    ----------
    gradient, slope
        What was given, and what differences of the value say; shape of the argument.
    right
        Which elements agree.
    kinks
        Which elements sit on a kink of the value.
    cause
        What is wrong, in a sentence; empty if nothing is.
    """

    gradient: Array = field(repr=False)
    slope: Array = field(repr=False)
    right: Array = field(repr=False)
    kinks: Array = field(repr=False)
    cause: str

    @classmethod
    def of_shapes(cls, gradient: Array, at: Array) -> GradCheck:
        """Report a gradient that cannot be compared."""
        turned = gradient.shape == at.shape[::-1] and gradient.ndim > 1
        hint = "it is transposed" if turned else "it was summed or broadcast over an axis"
        why = f"the gradient has shape {gradient.shape}, the argument {at.shape}: {hint}."
        none = np.zeros(at.shape, bool)
        return cls(gradient, np.full(at.shape, np.nan), none, none, why)

    def __bool__(self) -> bool:
        """Tell whether every element agrees."""
        return not self.cause

    def __str__(self) -> str:
        """Write the verdict, the worst element and the kinks."""
        lines = [f"wrong: {self.cause}"] if self.cause else [f"right: {_counted(self.right.size)} agree."]
        if self.cause and self.gradient.shape == self.slope.shape:
            lines.append(self._worst())
        if self.kinks.any():
            one = int(self.kinks.sum()) == 1
            lines.append(f"{_counted(int(self.kinks.sum()))} {'sits' if one else 'sit'} on a kink.")
        return "\n".join(lines)

    def _worst(self) -> str:
        far = np.where(self.right, -1.0, np.nan_to_num(np.abs(self.gradient - self.slope), nan=np.inf))
        place = np.unravel_index(int(np.argmax(far)), far.shape)
        wrong, size = int((~self.right).sum()), self.right.size
        where = f"{tuple(map(int, place))}" if place else "the number"
        both = f"gradient {self.gradient[place]:.6g}, slope of the value {self.slope[place]:.6g}"
        return f"{wrong} of {_counted(size)} {'differ' if wrong > 1 else 'differs'}; the worst is {where}: {both}."


def _counted(count: int) -> str:
    return f"{count} element" + "s" * (count != 1)


def agrees(gradient: Array, found: Slopes) -> Array:
    """Compare element by element; at a kink anything between both sides agrees."""
    slack = RELATIVE * np.maximum(np.abs(found.slope), np.abs(gradient)) + 8.0 * found.doubt
    low, high = np.minimum(found.left, found.right) - slack, np.maximum(found.left, found.right) + slack
    between = found.kink & (gradient >= low) & (gradient <= high)
    return np.asarray((np.abs(gradient - found.slope) <= slack) | between)
