"""The four formats, and what a unit in the last place is in them."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from lossfn.core.arrays import Array


class Format(NamedTuple):
    """A floating-point format: bits of the fraction, least exponent, largest number."""

    name: str
    bits: int
    lowest: int
    largest: float

    @property
    def dtype(self) -> np.dtype[Any]:
        """The dtype; ml_dtypes brings bfloat16."""
        if self.name == "bfloat16":
            import ml_dtypes

            found: np.dtype[Any] = np.dtype(ml_dtypes.bfloat16)
            return found
        return np.dtype(self.name)

    @property
    def smallest(self) -> float:
        """The smallest number with all its digits."""
        return 2.0**self.lowest

    def ulp(self, size: Array) -> Array:
        """Return the spacing of the format at each size, gradual underflow included."""
        exponent = np.where(size > 0, np.frexp(np.minimum(size, self.largest))[1] - 1, self.lowest)
        return np.asarray(np.ldexp(1.0, np.maximum(exponent, self.lowest) - self.bits + 1))


FORMATS = {
    "float64": Format("float64", 53, -1022, float(np.finfo(np.float64).max)),
    "float32": Format("float32", 24, -126, float(np.finfo(np.float32).max)),
    "bfloat16": Format("bfloat16", 8, -126, 3.3895313892515355e38),
    "float16": Format("float16", 11, -14, 65504.0),
}
