"""Slopes of the vocabulary that are wrong: each rule in turn, under a formula that needs it."""

import lossfn as lf
from every_loss.planting import fault
from lossfn.core import vocabulary


def rule(verb, formula, wrong, law="gradient"):
    """Plant a wrong rule of one verb under a fresh loss, so that nothing traced before is found."""

    def made():
        class Planted(lf.Pointwise, register=False):
            convex = False

            def formula(self, m, prediction, target):
                return formula(m, prediction - target)

        return Planted()

    def plant(patch):
        patch.setitem(vocabulary.RULES, verb, wrong)

    plant.__name__ = f"slope_of_{verb}"
    fault(law, made)(plant)


rule("neg", lambda m, r: m.sigmoid(-m.exp(r)), lambda m, a, out, d: d[0])
rule("add", lambda m, r: m.exp(r) + m.sigmoid(r), lambda m, a, out, d: d[0] + 0.999 * d[1])
rule("sub", lambda m, r: m.exp(r) - m.sigmoid(r), lambda m, a, out, d: d[0] + d[1])
rule("mul", lambda m, r: m.exp(r) * m.sigmoid(r), lambda m, a, out, d: d[0] * a[1])
rule("div", lambda m, r: m.exp(r) / (1.0 + m.exp(-r)), lambda m, a, out, d: d[0] / a[1] + out * d[1] / a[1])
rule("exp", lambda m, r: m.exp(r), lambda m, a, out, d: (out - 1e-6) * d[0])
rule("expm1", lambda m, r: m.expm1(r), lambda m, a, out, d: out * d[0])
rule("log", lambda m, r: m.log(2.0 + m.sigmoid(r)), lambda m, a, out, d: d[0] / out)
rule("log1p", lambda m, r: m.log1p(m.sigmoid(r)), lambda m, a, out, d: d[0] / a[0])
rule("sqrt", lambda m, r: m.sqrt(1.0 + m.sigmoid(r)), lambda m, a, out, d: d[0] / out)
rule("abs", lambda m, r: m.abs(r), lambda m, a, out, d: d[0])
rule("power", lambda m, r: m.sigmoid(r) ** 2.5, lambda m, a, out, d: a[1].number * out * d[0])
rule("tanh", lambda m, r: m.tanh(r), lambda m, a, out, d: (1.0 - out) * d[0])
rule("sigmoid", lambda m, r: m.sigmoid(r), lambda m, a, out, d: out * m.sigmoid(a[0]) * d[0])
rule("softplus", lambda m, r: m.softplus(r), lambda m, a, out, d: m.sigmoid(-a[0]) * d[0])
rule("log_cosh", lambda m, r: m.log_cosh(r), lambda m, a, out, d: m.sigmoid(a[0]) * d[0])
rule(
    "weighted", lambda m, r: m.weighted(m.sigmoid(r), m.exp(r)), lambda m, a, out, d: m.weighted(a[0], d[1])
)  # the slope of the weight forgotten
rule("minimum", lambda m, r: m.minimum(r, m.exp(-r)), lambda m, a, out, d: m.where(a[0] >= a[1], d[0], d[1]))
rule("maximum", lambda m, r: m.maximum(r, m.exp(-r)), lambda m, a, out, d: m.where(a[0] <= a[1], d[0], d[1]))
rule("where", lambda m, r: m.where(r > 0.0, m.exp(r), r), lambda m, a, out, d: m.where(a[0], d[2], d[1]))
