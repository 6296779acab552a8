"""Compute the polynomials of the native engine and write `engines/native/coefficients.py`.

Each is the polynomial of least relative error on its interval (Lawson's reweighting, 60 digits). The short
ones serve float32 and narrower results, which are computed in float64 and rounded once; the long ones serve
float64. Run: python tools/coefficients.py
"""

from collections.abc import Callable
from pathlib import Path

import mpmath as mp

mp.mp.dps = 60
HALF_LN2 = mp.log(2) / 2 * mp.mpf("1.0001")
LOW, HIGH = mp.sqrt(mp.mpf(1) / 2) - 1, mp.sqrt(2) - 1

Function = Callable[[mp.mpf], mp.mpf]


def fit(target: Function, weight: Function, low: mp.mpf, high: mp.mpf, degree: int) -> tuple[list[float], mp.mpf]:
    """Return coefficients, lowest first, that minimise max |weight·(p - target)|, and that maximum."""
    count = 12 * (degree + 1)
    nodes = [(low + high) / 2 + (high - low) / 2 * mp.cos(mp.pi * (k + 0.5) / count) for k in range(count)]
    values, weights = [target(x) for x in nodes], [weight(x) ** 2 for x in nodes]
    lawson, c, error = [mp.mpf(1) / count] * count, mp.matrix(degree + 1, 1), mp.mpf(0)
    for _ in range(60):
        normal, right = mp.matrix(degree + 1, degree + 1), mp.matrix(degree + 1, 1)
        for x, v, w, scale in zip(nodes, values, weights, lawson, strict=True):
            powers = [x**i for i in range(degree + 1)]
            for i in range(degree + 1):
                right[i] += scale * w * powers[i] * v
                for j in range(degree + 1):
                    normal[i, j] += scale * w * powers[i] * powers[j]
        c = mp.lu_solve(normal, right)
        residuals = [
            mp.sqrt(w) * abs(mp.polyval(list(c)[::-1], x) - v) for x, v, w in zip(nodes, values, weights, strict=True)
        ]
        error = max(residuals)
        total = mp.fsum(s * r for s, r in zip(lawson, residuals, strict=True))
        lawson = [s * r / total for s, r in zip(lawson, residuals, strict=True)]
    return [float(x) for x in c], error


def _safe(function: Function, at_zero: float) -> Function:
    return lambda x: mp.mpf(at_zero) if x == 0 else function(x)


EXP = (_safe(lambda r: (mp.exp(r) - 1 - r) / r**2, 0.5), lambda r: r**2 / mp.exp(r), -HALF_LN2, HALF_LN2)
LOG = (_safe(lambda f: (mp.log1p(f) - f) / f**2, -0.5), _safe(lambda f: f**2 / mp.log1p(f), 0), LOW, HIGH)
UNIT = (*LOG[:2], mp.mpf("1e-30"), mp.mpf(1))
# log(1 + f) = 2 atanh(s) = 2s + s·R(s²), s = f/(2 + f)
ATANH = (
    _safe(lambda z: 2 * mp.atanh(mp.sqrt(z)) / mp.sqrt(z) - 2, 0),
    lambda z: mp.mpf(1),
    mp.mpf("1e-30"),
    (HIGH / (2 + HIGH)) ** 2,
)
NEAR = mp.mpf("0.3")
TANH = (lambda z: mp.tanh(mp.sqrt(z)) / mp.sqrt(z), lambda z: mp.mpf(1), mp.mpf("1e-30"), NEAR**2)
LOG_COSH = (lambda z: mp.log(mp.cosh(mp.sqrt(z))) / z, lambda z: mp.mpf(1), mp.mpf("1e-20"))

TABLE = {
    "EXP": {"short": (*EXP, 4), "long": (*EXP, 9)},
    "LOG": {"short": (*LOG, 9)},
    "LOG1P": {"short": (*UNIT, 9)},
    "ATANH": {"long": (*ATANH, 7)},
    "TANH": {"short": (*TANH, 4)},
    "LOG_COSH": {"short": (*LOG_COSH, NEAR**2, 4), "long": (*LOG_COSH, mp.mpf(1), 15)},
}


def main() -> None:
    """Write the table, and print the error of each polynomial in bits."""
    lines = ['"""Polynomial coefficients, lowest first. Written by tools/coefficients.py."""', ""]
    for name, grades in TABLE.items():
        for grade, (target, weight, low, high, degree) in grades.items():
            coefficients, error = fit(target, weight, low, high, degree)
            print(f"{name}_{grade.upper()}: degree {degree}, 2^{mp.nstr(mp.log(error, 2), 4)}")
            lines += [f"{name}_{grade.upper()} = (", *(f"    {c!r}," for c in coefficients), ")"]
    path = Path(__file__).parents[1] / "src/lossfn/engines/native/coefficients.py"
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
