"""Values from the formula, slopes and curvatures from its differences on both sides: never from derived graphs.

A truth is an interval: the slope on the left and the slope on the right. The two agree to forty digits
except on a kink, where any slope between them is right.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import mpmath as mp

from accuracy.exact import Exact, M, bound

STEP = mp.mpf(10) ** -40


class Truth(NamedTuple):
    value: tuple
    slopes: tuple
    curvatures: tuple


@cache
def pointwise(loss, inputs, wide):
    """Truth at one point of a pointwise loss; `wide` asks for float64's range of exponents."""
    with mp.workdps(digits(inputs, wide)):
        ready = bound(loss)
        place = dict(zip(loss.inputs, map(mp.mpf, inputs), strict=True))
        value = formula(ready, place)
        known = [differences(lambda x, n=n: formula(ready, place | {n: x}), place, n, value) for n in loss.predictions]
        return Truth(((value, value),), tuple(s for s, _ in known), tuple(c for _, c in known))


def digits(inputs, wide):
    """How many digits second differences need: more, the further apart the inputs' sizes lie."""
    sizes = [0.0, *(float(mp.log10(abs(x))) for x in inputs if x)]
    tails = 240 if wide and max(map(abs, inputs)) > 4 else 0
    return tails + max(200, 140 + 2 * int(max(sizes) - min(sizes)))


def formula(ready, place):
    return Exact(ready.apply_formula(M, {n: Exact(x) for n, x in place.items()})).x


def differences(f, place, name, value):
    """Slopes and curvatures on both sides at `place`, whose value is known."""
    x = place[name]
    sizes = [min(abs(y), 1) for y in place.values() if y]
    h = STEP * (min(abs(x), 1) if x else min(sizes, default=mp.mpf(1)))
    return sides([f(x - 2 * h), f(x - h), value, f(x + h), f(x + 2 * h)], h)


def sides(f, h):
    """Slopes and curvatures from five values a step apart; a side outside the domain does not count."""
    slopes = [s for s in ((f[2] - f[1]) / h, (f[3] - f[2]) / h) if not mp.isnan(s)]
    bent = [b for b in ((f[0] - 2 * f[1] + f[2]) / h**2, (f[2] - 2 * f[3] + f[4]) / h**2) if not mp.isnan(b)]
    return spanned(slopes), spanned(bent)


def spanned(numbers):
    return (min(numbers), max(numbers)) if numbers else (mp.nan, mp.nan)
