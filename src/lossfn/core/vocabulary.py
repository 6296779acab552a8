"""The verbs a formula may use: their edge semantics, and one derivative rule each.

A formula receives a vocabulary `m` and writes `m.exp(x)`. Array engines bind the verbs to their own
functions, the tracer to graph nodes, the tests to 200-digit numbers: the meaning is stated here once.
"""

from collections.abc import Callable
from typing import Any


class Vocabulary:
    """The verbs. A subclass says in `apply` what a verb does to its arguments."""

    def apply(self, verb: str, *args: Any) -> Any:
        """Carry out one verb."""
        raise NotImplementedError

    def exp(self, x: Any) -> Any:
        """e^x."""
        return self.apply("exp", x)

    def expm1(self, x: Any) -> Any:
        """e^x - 1, exact near 0."""
        return self.apply("expm1", x)

    def log(self, x: Any) -> Any:
        """Natural logarithm: -inf at 0, NaN below."""
        return self.apply("log", x)

    def log1p(self, x: Any) -> Any:
        """log(1 + x), exact near 0."""
        return self.apply("log1p", x)

    def sqrt(self, x: Any) -> Any:
        """Square root: NaN below 0."""
        return self.apply("sqrt", x)

    def abs(self, x: Any) -> Any:
        """|x|, with slope 0 at 0."""
        return self.apply("abs", x)

    def sign(self, x: Any) -> Any:
        """-1, 0 or 1; NaN stays NaN."""
        return self.apply("sign", x)

    def square(self, x: Any) -> Any:
        """x·x."""
        return x * x

    def power(self, x: Any, exponent: float) -> Any:
        """x^exponent for x >= 0 and a plain number as exponent."""
        if exponent == 0.0:
            return self.where(x >= 0.0, 1.0, 1.0)
        return x if exponent == 1.0 else self.apply("power", x, float(exponent))

    def tanh(self, x: Any) -> Any:
        """Hyperbolic tangent."""
        return self.apply("tanh", x)

    def sigmoid(self, x: Any) -> Any:
        """1 / (1 + e^-x), accurate in both tails."""
        return self.apply("sigmoid", x)

    def softplus(self, x: Any) -> Any:
        """log(1 + e^x), accurate in both tails; its slope is `sigmoid`."""
        return self.apply("softplus", x)

    def log_sigmoid(self, x: Any) -> Any:
        """Logarithm of the sigmoid: -softplus(-x)."""
        return -self.softplus(-x)

    def log_cosh(self, x: Any) -> Any:
        """log cosh x without overflow or cancellation; its slope is `tanh`."""
        return self.apply("log_cosh", x)

    def weighted(self, weight: Any, x: Any) -> Any:
        """weight·x in which a zero weight wins over any x, infinite and NaN included."""
        return self.apply("weighted", weight, x)

    def xlogy(self, x: Any, y: Any) -> Any:
        """x·log y with 0·log 0 = 0."""
        return self.weighted(x, self.log(y))

    def xlog1py(self, x: Any, y: Any) -> Any:
        """x·log(1 + y) with 0·log 0 = 0."""
        return self.weighted(x, self.log1p(y))

    def minimum(self, x: Any, y: Any) -> Any:
        """The smaller; NaN wins; at a tie the slope is that of the first argument."""
        return self.apply("minimum", x, y)

    def maximum(self, x: Any, y: Any) -> Any:
        """The larger; NaN wins; at a tie the slope is that of the first argument."""
        return self.apply("maximum", x, y)

    def where(self, condition: Any, x: Any, y: Any) -> Any:
        """`x` where the condition holds, else `y`; the branch not taken leaks nothing."""
        return self.apply("where", condition, x, y)

    def equal(self, x: Any, y: Any) -> Any:
        """Condition x = y: written as a verb, since `==` on traced values raises."""
        return self.apply("equal", x, y)

    def either(self, a: Any, b: Any) -> Any:
        """Condition a or b."""
        return self.apply("either", a, b)

    def negate(self, a: Any) -> Any:
        """Condition not a."""
        return self.apply("negate", a)


# Each rule maps (m, arguments, result, slopes of the arguments) to the slope of the result.
Rule = Callable[[Vocabulary, tuple[Any, ...], Any, tuple[Any, ...]], Any]

RULES: dict[str, Rule] = {
    "neg": lambda m, a, out, d: -d[0],
    "add": lambda m, a, out, d: d[0] + d[1],
    "sub": lambda m, a, out, d: d[0] - d[1],
    "mul": lambda m, a, out, d: d[0] * a[1] + a[0] * d[1],
    "div": lambda m, a, out, d: d[0] / a[1] - out * d[1] / a[1],
    "exp": lambda m, a, out, d: out * d[0],
    "expm1": lambda m, a, out, d: m.exp(a[0]) * d[0],
    "log": lambda m, a, out, d: d[0] / a[0],
    "log1p": lambda m, a, out, d: d[0] / (1.0 + a[0]),
    "sqrt": lambda m, a, out, d: 0.5 * d[0] / out,
    "abs": lambda m, a, out, d: m.sign(a[0]) * d[0],
    "sign": lambda m, a, out, d: 0.0,
    "power": lambda m, a, out, d: a[1].number * m.power(a[0], a[1].number - 1.0) * d[0],
    # 1 - tanh² cancels in the tails; 4·sigmoid(2x)·sigmoid(-2x) does not.
    "tanh": lambda m, a, out, d: 4.0 * m.sigmoid(2.0 * a[0]) * m.sigmoid(-2.0 * a[0]) * d[0],
    "sigmoid": lambda m, a, out, d: out * m.sigmoid(-a[0]) * d[0],
    "softplus": lambda m, a, out, d: m.sigmoid(a[0]) * d[0],
    "log_cosh": lambda m, a, out, d: m.tanh(a[0]) * d[0],
    "weighted": lambda m, a, out, d: m.weighted(a[0], d[1]) + m.weighted(d[0], a[1]),
    "minimum": lambda m, a, out, d: m.where(a[0] <= a[1], d[0], d[1]),
    "maximum": lambda m, a, out, d: m.where(a[0] >= a[1], d[0], d[1]),
    "where": lambda m, a, out, d: m.where(a[0], d[1], d[2]),
}
