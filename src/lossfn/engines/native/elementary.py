"""exp, log and their kin on sixteen lanes: short polynomials for float32 results, long ones for float64."""

from __future__ import annotations

import math
import struct
import sys

from lossfn.engines.native import coefficients as table
from lossfn.engines.native.code import Code
from lossfn.engines.native.value import INTEGER, REAL, Value

# Adding 1.5·2^52 leaves the rounded integer in the low bits of a float64.
ROUND = 6755399441055744.0
LN2_HIGH = 6.93147180369123816490e-01
LN2_LOW = 1.90821492927058770002e-10
ROOT_HALF_BITS = 0x3FE6A09E667F3BCD


class Elementary:
    """The functions on one body of code, at one grade."""

    def __init__(self, code: Code, long: bool) -> None:
        self.code, self.long = code, long
        self.rests: dict[str, tuple[Value, Value]] = {}

    def exp(self, x: Value) -> Value:
        """2^k·e^r with x = k·log 2 + r."""
        c = self.code
        if self.long:
            shifted, rest = self._rest(x)
            return self._scale(rest + 1.0, shifted)
        return c.select(c.compare("ogt", x, 709.0), math.inf, self.exp_unit(x))

    def exp_unit(self, x: Value) -> Value:
        """e^x for x <= 0; the short form is 0 below e^-708, which every float32 rounds to 0."""
        c = self.code
        if self.long:
            return self.exp(x)
        shifted, rest = self._rest(x)
        return c.select(c.compare("olt", x, -708.0), 0.0, self._grown(rest + 1.0, shifted))

    def below(self, x: Value, top: Value) -> tuple[Value, Value]:
        """x - top, 0 where both are inf, and what rounding took: in float64 e^(x - top) would lose |x - top|/2 ULP."""
        c = self.code
        shift = c.select(c.compare("ogt", x, sys.float_info.max), 0.0, x - top)
        return shift, self._lost_below(shift, x, top)

    def _lost_below(self, shift: Value, x: Value, top: Value) -> Value:
        c = self.code
        if not self.long:
            return c.like(0.0, REAL)
        back = shift - x
        lost = (x - (shift - back)) - (top + back)
        return c.select(c.compare("ord", lost, lost), lost, 0.0)

    def exp_below(self, shift: Value, lost: Value) -> Value:
        """e^(shift + lost) for a difference from `below`."""
        w = self.exp_unit(shift)
        return self.code.fma(w, lost, w) if self.long else w

    def log_prob(self, shift: Value, lost: Value, rest: Value) -> dict[str, Value]:
        """What a formula reads of a probability: shift + lost - rest; in float64 also what rounding took from it."""
        rough = shift - rest
        if not self.long:
            return {"log_prob": rough}
        more = self._lost_below(rough, shift, rest) + lost
        whole = rough + more
        return {"log_prob": whole, "log_prob lost": (rough - whole) + more}

    def expm1(self, x: Value) -> Value:
        """2^k·((1 - 2^-k) + (e^r - 1)): exact near 0."""
        c = self.code
        shifted, rest = self._rest(x)
        if not self.long:
            return self._short_expm1(x, shifted, rest)
        k = c.cast("bitcast", shifted, INTEGER) - _bits(ROUND)
        back = c.select(c.compare("ogt", x, 60.0), 0.0, c.cast("bitcast", (1023 - k) << 52, REAL))
        grown = (rest + (1.0 - back)) * c.cast("bitcast", (k + 1022) << 52, REAL) * 2.0
        grown = c.select(c.compare("ogt", x, 709.782712893384), math.inf, grown)
        grown = c.select(c.compare("olt", x, -60.0), -1.0, grown)
        return c.select(c.compare("oeq", x, 0.0), x, grown)

    def _short_expm1(self, x: Value, shifted: Value, rest: Value) -> Value:
        # Where k is not 0, e^x is far enough from 1 for float32.
        c = self.code
        near = c.select(c.compare("oeq", x, 0.0), x, rest)
        return c.select(c.compare("oeq", shifted, ROUND), near, self.exp(x) - 1.0)

    def _rest(self, x: Value) -> tuple[Value, Value]:
        # What e^x and e^x - 1 have in common: k, and e^r - 1.
        if x.name not in self.rests:
            # What is beyond the limits of the short forms they select away themselves.
            shifted, r = self._reduce(self._clamp(x, -746.0, 710.0) if self.long else x)
            self.rests[x.name] = shifted, self._expm1_of(r)
        return self.rests[x.name]

    def _expm1_of(self, r: Value) -> Value:
        c = self.code
        return c.fma(r * r, c.polynomial(r, table.EXP_LONG if self.long else table.EXP_SHORT), r)

    def _grown(self, x: Value, shifted: Value) -> Value:
        # A product, since NaN with any bits must stay NaN.
        c = self.code
        return x * c.cast("bitcast", (c.cast("bitcast", shifted, INTEGER) << 52) + (1023 << 52), REAL)

    def _clamp(self, x: Value, low: float, high: float) -> Value:
        c = self.code
        x = c.select(c.compare("ogt", x, high), high, x)
        return c.select(c.compare("olt", x, low), low, x)

    def _reduce(self, x: Value) -> tuple[Value, Value]:
        c = self.code
        shifted = c.fma(x, 1.0 / math.log(2.0), ROUND)
        k = shifted - ROUND
        if not self.long and c.fused:
            return shifted, c.fma(k, -math.log(2.0), x)
        return shifted, c.fma(k, -LN2_LOW, c.fma(k, -LN2_HIGH, x))

    def _scale(self, x: Value, shifted: Value) -> Value:
        # In two steps, so that results below the smallest normal number lose bits only once.
        c = self.code
        k = c.cast("bitcast", shifted, INTEGER) - _bits(ROUND)
        half = k >> 1
        first = c.cast("bitcast", (half + 1023) << 52, REAL)
        return x * first * c.cast("bitcast", (k - half + 1023) << 52, REAL)

    def log(self, x: Value) -> Value:
        """k·log 2 + log(1 + f) with x = 2^k·(1 + f), 1 + f between √½ and √2."""
        c = self.code
        result = self._log(*self._normal(x), None) if self.long else self._log(x, None, None)
        result = c.select(c.compare("oeq", x, math.inf), x, result)
        return c.select(c.compare("ogt", x, 0.0), result, c.select(c.compare("oeq", x, 0.0), -math.inf, math.nan))

    def log1p(self, x: Value) -> Value:
        """Log of u = 1 + x, plus what u lost in rounding: exact near 0."""
        c = self.code
        u = 1.0 + x
        lost = c.select(c.compare("oge", x, 1.0), 1.0 - (u - x) if self.long else 0.0, x - (u - 1.0))
        result = self._log(u, None, lost / u if self.long else lost)
        result = c.select(c.compare("oeq", x, math.inf), x, result)
        result = c.select(c.compare("ogt", u, 0.0), result, c.select(c.compare("oeq", u, 0.0), -math.inf, math.nan))
        return c.select(c.compare("oeq", x, 0.0), x, result)

    def _log(self, x: Value, more: Value | None, lost: Value | None) -> Value:
        c = self.code
        k, f = self._split(x)
        k = k if more is None else k + more
        if not self.long:
            total = c.fma(k, math.log(2.0), c.fma(f * f, c.polynomial(f, table.LOG_SHORT), f))
            return total if lost is None else total + lost
        return c.fma(k, LN2_HIGH, self._beside(k, f, lost))

    def _beside(self, k: Value, f: Value, lost: Value | None) -> Value:
        # log(1 + f) = f - f²/2 + s(f²/2 + R), R being the even part of the series in s; and k's share of log 2's rest.
        s, half = f / (2.0 + f), 0.5 * f * f
        rest = s * (half + self.code.polynomial(s * s, table.ATANH_LONG)) + k * LN2_LOW
        return f - (half - (rest if lost is None else rest + lost))

    def _normal(self, x: Value) -> tuple[Value, Value]:
        # Subnormal numbers are scaled; the second result makes good for it in the exponent.
        c = self.code
        small = c.compare("olt", x, 2.2250738585072014e-308)
        return c.select(small, x * 2.0**54, x), c.select(small, -54.0, 0.0)

    def lost_log(self, x: Value, y: Value) -> Value:
        """log x - y for y = log x rounded: both addends of the logarithm are known better than their sum."""
        x, more = self._normal(x)
        k, f = self._split(x)
        k = k + more
        return (k * LN2_HIGH - y) + self._beside(k, f, None)

    def lost_mul(self, x: Value, y: Value, product: Value) -> Value:
        """x·y - product for the product rounded."""
        if self.code.fused:
            return self.code.fma(x, y, -product)
        (a, b), (c, d) = self._halves(x), self._halves(y)
        return ((a * c - product) + a * d + b * c) + b * d

    def _halves(self, x: Value) -> tuple[Value, Value]:
        # 26 bits each, so that products of halves are exact.
        grown = x * (2.0**27 + 1.0)
        high = grown - (grown - x)
        return high, x - high

    def _split(self, x: Value) -> tuple[Value, Value]:
        c = self.code
        bits = c.cast("bitcast", x, INTEGER)
        exponent = (bits - ROOT_HALF_BITS) >> 52
        k = c.cast("bitcast", exponent + _bits(ROUND), REAL) - ROUND
        return k, c.cast("bitcast", bits - (exponent << 52), REAL) - 1.0

    def log1p_unit(self, x: Value) -> Value:
        """log1p for 0 <= x <= 1, which is what softplus needs: there one polynomial is enough for float32."""
        c = self.code
        return self.log1p(x) if self.long else c.fma(x * x, c.polynomial(x, table.LOG1P_SHORT), x)


def _bits(number: float) -> int:
    return int.from_bytes(struct.pack(">d", number), "big")
