"""The largest term of the results that cross zero by cancelling: their ULPs are counted in it.

Written by hand from the formulas on paper. A loss that is not here is held to ULPs of the result itself.
Each function returns the terms of (value, slopes, curvatures); an empty tuple stands for no cancellation.
"""

from __future__ import annotations

import mpmath as mp

from lossfn.losses.barron_nll import CONSTANT, POLES


def largest(loss, inputs):
    """Return the largest terms of value, each slope and each curvature at a point."""
    terms = TERMS.get(type(loss).__name__)
    none = ((),) * len(loss.predictions)
    value, slopes, curvatures = terms(loss, *map(mp.mpf, inputs)) if terms else ((), none, none)
    return (size(value),), tuple(map(size, slopes)), tuple(map(size, curvatures))


def size(terms):
    return max((abs(t) for t in terms if mp.isfinite(t)), default=mp.mpf(0))


def sigmoid(x):
    return 1 / (1 + mp.exp(-x))


def poisson(loss, x, t):
    return (mp.exp(x), t * x), ((mp.exp(x), t),), ((),)


def gamma(loss, x, t):
    return (x, t * mp.exp(-x)), ((1, t * mp.exp(-x)),), ((),)


def tweedie(loss, x, t):
    if loss.power in (1.0, 2.0):
        return poisson(loss, x, t) if loss.power == 1.0 else gamma(loss, x, t)
    p = mp.mpf(loss.power)
    return (), ((t * mp.exp((1 - p) * x), mp.exp((2 - p) * x)),), ((),)


def gaussian(loss, mean, v, t):
    r = mean - t
    return (mp.log(v) / 2, r**2 / v / 2), ((), (1 / v / 2, r**2 / v**2 / 2)), ((), (1 / v**2 / 2, r**2 / v**3))


def bce(loss, p, t):
    positive, negative = (t / p if p else mp.inf), ((1 - t) / (1 - p) if p != 1 else mp.inf)
    return (), ((positive, negative),), ((),)


def bce_logits(loss, x, t):
    weight = 1 if loss.pos_weight is None else mp.mpf(float(loss.pos_weight))
    return (), ((weight * t * sigmoid(-x), (1 - t) * sigmoid(x)),), ((),)


def binary_focal(loss, x, t):
    a, b = (1, 1) if loss.alpha is None else (mp.mpf(loss.alpha), 1 - mp.mpf(loss.alpha))
    first, second = focused(mp.mpf(loss.gamma), x), focused(mp.mpf(loss.gamma), -x)
    slopes = (t * a * first[0], (1 - t) * b * second[0])
    return (), (slopes,), ((*(t * a * c for c in first[1]), *((1 - t) * b * c for c in second[1])),)


def focused(g, x):
    """Slope and terms of the curvature of q^g·softplus(-x), q = sigmoid(-x)."""
    p, q, cost = sigmoid(x), sigmoid(-x), mp.log1p(mp.exp(-x))
    return q**g * (g * p * cost + q), tuple(q**g * p * c for c in (g**2 * p * cost, g * q * cost, 2 * g * q, q))


def barron(loss, x, t):
    u2, alpha = ((mp.mpf(x) - t) / loss.scale) ** 2, mp.mpf(loss.alpha)
    if mp.isinf(alpha):
        bend = mp.exp(mp.sign(alpha) * u2 / 2)
        return (), ((),), ((bend / loss.scale**2, bend * u2 / loss.scale**2),)
    z = u2 / abs(alpha - 2) if alpha != 2 else mp.mpf(0)
    power = (z + 1) ** (alpha / 2 - 1) / (z + 1) / loss.scale**2
    return (), ((),), ((power, power * (alpha - 1) * z),)


def cauchy(loss, x, t):
    half = ((x - t) / loss.scale) ** 2 / 2
    return (), ((),), ((1 / (1 + half) / loss.scale**2, 2 * half / (1 + half) ** 2 / loss.scale**2),)


def welsch(loss, x, t):
    u2 = ((x - t) / loss.scale) ** 2
    return (), ((),), ((mp.exp(-u2 / 2) / loss.scale**2, u2 * mp.exp(-u2 / 2) / loss.scale**2),)


def geman_mcclure(loss, x, t):
    u2 = ((x - t) / loss.scale) ** 2
    bend = 16 / (loss.scale * (u2 + 4)) ** 2
    return (), ((),), ((bend, bend * 4 * u2 / (u2 + 4)),)


def tukey(loss, x, t):
    u2 = min(((x - t) / loss.scale) ** 2, mp.mpf(1))
    return (), ((),), ((1 - u2, (1 - u2) * 5 * u2),)


def squared_log(loss, p, t):
    return (), ((),), ((1 / (1 + p) ** 2, (mp.log1p(p) - mp.log1p(t)) / (1 + p) ** 2),)


def barron_nll(loss, location, shape, scale, t):
    p, r, c = mp.mpf(shape) / 2, location - t, mp.mpf(scale)
    q, u2 = 1 - p, (r / c) ** 2
    z = u2 / (2 * q)
    log, share = mp.log1p(z), z / (1 + z)
    power, bulk = mp.exp(p * log), mp.exp(-q * log)
    fractions = [(abs(p - pole), abs(residue)) for pole, residue in POLES]
    value = (mp.log(c), q / p * (power - 1), q * mp.log(q), CONSTANT, *(a / d for d, a in fractions))
    scaled = (1 / c, u2 * bulk / c)
    bend, curve = bends(p, q, log, share, power)
    slope = (*bend, mp.log(q) / 4, *(a / d**2 / 2 for d, a in fractions))
    second = (*curve, 1 / q / 8, *(a / d**3 / 2 for d, a in fractions))
    of_location = (bulk / c**2, 2 * q * share * bulk / c**2)
    return value, ((), slope, scaled), (of_location, second, (3 * u2 * bulk / c**2, 1 / c**2))


def bends(p, q, log, share, power):
    """Terms of the slope and of the curvature in the shape, as its two branches write them."""
    y, growth = p * log, log + p * share / q
    if y < 0.5:
        slope = (log**2 / 2, power * log)
        curve = (log * share / q, log**2 * growth / 3, power * growth * log, power * share / q)
    else:
        parts = (q * power * log / p, q * power * (1 + p) / p**2)
        slope = (*parts, 1 / p**2)
        grown = [x * by for x in parts for by in (growth, 1 / p, 1 / q)]
        curve = (*grown, power * share / p, 1 / p**3)
    return tuple(x / 2 for x in slope), tuple(x / 4 for x in curve)


def temporal_difference(loss, v, w, r):
    g = mp.mpf(loss.discount)
    parts = (v, r, g * w)
    return tuple((v - r - g * w) * x for x in parts), (parts, tuple(g * x for x in parts)), ((), ())


def tube(loss, p, t):
    return (p - t, loss.epsilon), ((),), ((),)


TERMS = {
    "Poisson": poisson,
    "Gamma": gamma,
    "Tweedie": tweedie,
    "GaussianNLL": gaussian,
    "BinaryCrossEntropy": bce,
    "BinaryCrossEntropyWithLogits": bce_logits,
    "BinaryFocal": binary_focal,
    "Barron": barron,
    "BarronNLL": barron_nll,
    "Cauchy": cauchy,
    "Welsch": welsch,
    "GemanMcClure": geman_mcclure,
    "Tukey": tukey,
    "SquaredLogError": squared_log,
    "EpsilonInsensitive": tube,
    "TemporalDifference": temporal_difference,
}
