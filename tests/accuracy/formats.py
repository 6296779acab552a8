"""The four formats, and the distance of a result from the truth in units of its last place."""

from __future__ import annotations

from typing import NamedTuple

import ml_dtypes
import mpmath as mp
import numpy as np


class Format(NamedTuple):
    dtype: np.dtype
    bits: int
    lowest: int
    largest: float

    @property
    def name(self):
        return self.dtype.name

    @property
    def epsilon(self):
        return 2.0 ** (1 - self.bits)

    def ulp(self, size):
        """Spacing of the format at a size, gradual underflow included."""
        exponent = mp.frexp(size)[1] - 1 if size else self.lowest
        return mp.ldexp(1, max(exponent, self.lowest) - self.bits + 1)


FORMATS = {
    "float64": Format(np.dtype(np.float64), 53, -1022, float(np.finfo(np.float64).max)),
    "float32": Format(np.dtype(np.float32), 24, -126, float(np.finfo(np.float32).max)),
    "bfloat16": Format(np.dtype(ml_dtypes.bfloat16), 8, -126, float(ml_dtypes.finfo(ml_dtypes.bfloat16).max)),
    "float16": Format(np.dtype(np.float16), 11, -14, 65504.0),
}


def error(got, low, high, form, term=0):
    """Distance of `got` from [low, high] in ULPs of the truth, or of the largest term where that is larger."""
    if mp.isnan(low) or mp.isnan(high):
        return mp.mpf(0) if got != got else mp.inf
    top = form.largest + form.ulp(form.largest) / 2
    if got != got or abs(got) == mp.inf:
        beyond = high >= top if got > 0 else low <= -top
        return mp.mpf(0) if got == got and beyond else mp.inf
    if low >= top or high <= -top:
        return mp.inf
    nearest = min(max(mp.mpf(got), low), high)
    return abs(mp.mpf(got) - nearest) / form.ulp(max(abs(nearest), term))
