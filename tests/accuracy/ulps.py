"""The distance of a result from the truth in units of the last place, on numbers of as many digits as needed."""

from __future__ import annotations

import mpmath as mp


def ulp(size, form):
    """Spacing of the format at a size, gradual underflow included."""
    exponent = mp.frexp(size)[1] - 1 if size else form.lowest
    return mp.ldexp(1, max(exponent, form.lowest) - form.bits + 1)


def error(got, low, high, form, term=0):
    """Distance of `got` from [low, high] in ULPs of the truth, or of the largest term where that is larger."""
    if mp.isnan(low) or mp.isnan(high):
        return mp.mpf(0) if got != got else mp.inf
    top = form.largest + ulp(form.largest, form) / 2
    if got != got or abs(got) == mp.inf:
        beyond = high >= top if got > 0 else low <= -top
        return mp.mpf(0) if got == got and beyond else mp.inf
    if low >= top or high <= -top:
        return mp.inf
    nearest = min(max(mp.mpf(got), low), high)
    return abs(mp.mpf(got) - nearest) / ulp(max(abs(nearest), term), form)
