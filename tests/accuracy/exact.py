"""Formulas on numbers of as many digits as needed: the truth that engines are measured against."""

from __future__ import annotations

import copy
from dataclasses import fields

import mpmath as mp
import numpy as np

from lossfn.core.vocabulary import Vocabulary


class Exact:
    """A real number that follows IEEE where mpmath raises: x/0 is infinite or NaN."""

    __slots__ = ("x",)

    def __init__(self, x):
        self.x = x.x if isinstance(x, Exact) else mp.mpf(x)

    def __float__(self):
        return float(self.x)

    def __neg__(self):
        return Exact(-self.x)

    def __add__(self, other):
        return Exact(self.x + number(other))

    __radd__ = __add__

    def __sub__(self, other):
        return Exact(self.x - number(other))

    def __rsub__(self, other):
        return Exact(number(other) - self.x)

    def __mul__(self, other):
        return Exact(self.x * number(other))

    __rmul__ = __mul__

    def __truediv__(self, other):
        return Exact(divided(self.x, number(other)))

    def __rtruediv__(self, other):
        return Exact(divided(number(other), self.x))

    def __abs__(self):
        return Exact(abs(self.x))

    def __eq__(self, other):
        return self.x == number(other)

    def __lt__(self, other):
        return self.x < number(other)

    def __le__(self, other):
        return self.x <= number(other)

    def __gt__(self, other):
        return self.x > number(other)

    def __ge__(self, other):
        return self.x >= number(other)

    __hash__ = None

    def is_integer(self):
        return float(self.x).is_integer()


def number(x):
    return x.x if isinstance(x, Exact) else mp.mpf(x)


def divided(x, y):
    if y:
        return x / y
    return mp.nan if not x or mp.isnan(x) else mp.sign(x) * mp.inf


def log1p(x):
    return mp.log1p(x) if x > -1 else -mp.inf if x == -1 else mp.nan


def log_cosh(x):
    return mp.log1p(2 * mp.sinh(x / 2) ** 2) if abs(x) < 1 else abs(x) - mp.log(2) + mp.log1p(mp.exp(-2 * abs(x)))


def extreme(choose):
    return lambda x, y: mp.nan if mp.isnan(x) or mp.isnan(y) else choose(x, y)


VERBS = {
    "exp": mp.exp,
    "expm1": mp.expm1,
    "log": lambda x: mp.log(x) if x > 0 else -mp.inf if x == 0 else mp.nan,
    "log1p": log1p,
    "sqrt": lambda x: mp.sqrt(x) if x >= 0 else mp.nan,
    "abs": abs,
    "sign": mp.sign,
    "power": lambda x, y: x**y if y > 0 else divided(mp.mpf(1), x**-y),
    "tanh": mp.tanh,
    "sigmoid": lambda x: 1 / (1 + mp.exp(-x)),
    "softplus": lambda x: max(x, mp.mpf(0)) + mp.log1p(mp.exp(-abs(x))),
    "log_cosh": log_cosh,
    "weighted": lambda weight, x: mp.mpf(0) if weight == 0 else weight * x,
    "minimum": extreme(min),
    "maximum": extreme(max),
}
CONDITIONS = {
    "where": lambda condition, x, y: Exact(x if condition else y),
    "equal": lambda x, y: number(x) == number(y),
    "either": lambda x, y: x or y,
    "negate": lambda x: not x,
}


class Digits(Vocabulary):
    """The vocabulary on exact numbers."""

    def apply(self, verb, *args):
        if verb in CONDITIONS:
            return CONDITIONS[verb](*args)
        return Exact(VERBS[verb](*map(number, args)))


M = Digits()


def bound(loss):
    """Return the loss with its numbers exact, so that 1 - q or |alpha - 2| is not rounded."""
    ready = copy.copy(loss.bind(lambda name, value: Exact(float(value))))
    for spec in fields(loss):
        value = getattr(ready, spec.name)
        number_like = isinstance(value, float | np.ndarray) and np.ndim(value) == 0
        if number_like and value and mp.isfinite(float(value)):
            object.__setattr__(ready, spec.name, Exact(float(value)))
    return ready
