"""The tracer's algebra: each rule gives the simpler graph, and no rule changes what a graph stands for."""

import pytest

from lossfn.core.graph import Tracer

# What is written, and the graph that is kept: verb(arguments), numbers and names.
RULES = {
    "x + 0": (lambda m, x, y, c: x + 0.0, "x"),
    "0 + x": (lambda m, x, y, c: 0.0 + x, "x"),
    "x + -y": (lambda m, x, y, c: x + -y, "sub(x, y)"),
    "-x + y": (lambda m, x, y, c: -x + y, "sub(y, x)"),
    "(x - y) + y": (lambda m, x, y, c: (x - y) + y, "x"),
    "(x - y) + c": (lambda m, x, y, c: (x - y) + c, "add(sub(x, y), c)"),
    "x - 0": (lambda m, x, y, c: x - 0.0, "x"),
    "0 - x": (lambda m, x, y, c: 0.0 - x, "neg(x)"),
    "x - -y": (lambda m, x, y, c: x - -y, "add(x, y)"),
    "x * 0": (lambda m, x, y, c: x * 0.0, "0.0"),
    "x * 1": (lambda m, x, y, c: x * 1.0, "x"),
    "x * -1": (lambda m, x, y, c: x * -1.0, "neg(x)"),
    "2 * -x": (lambda m, x, y, c: 2.0 * -x, "mul(-2.0, x)"),
    "2 * (3 * x)": (lambda m, x, y, c: 2.0 * (3.0 * x), "mul(6.0, x)"),
    "x * 3": (lambda m, x, y, c: x * 3.0, "mul(x, 3.0)"),
    "0 / x": (lambda m, x, y, c: 0.0 / x, "0.0"),
    "x / 1": (lambda m, x, y, c: x / 1.0, "x"),
    "x / y": (lambda m, x, y, c: x / y, "div(x, y)"),
    "-(x - y)": (lambda m, x, y, c: -(x - y), "sub(y, x)"),
    "-(2 * x)": (lambda m, x, y, c: -(2.0 * x), "mul(-2.0, x)"),
    "-(2 + x)": (lambda m, x, y, c: -(2.0 + x), "neg(add(2.0, x))"),
    "minus minus x": (lambda m, x, y, c: m.apply("neg", -x), "x"),
    "-(x where y > c else 2)": (lambda m, x, y, c: -m.where(y > c, x, 2.0), "where(gt(y, c), neg(x), -2.0)"),
    "-(x where y > c else y)": (lambda m, x, y, c: -m.where(y > c, x, y), "neg(where(gt(y, c), x, y))"),
    "|-2x|": (lambda m, x, y, c: m.abs(-2.0 * x), "mul(2.0, abs(x))"),
    "|-x|": (lambda m, x, y, c: m.abs(-x), "abs(x)"),
    "||x||": (lambda m, x, y, c: m.abs(m.abs(x)), "abs(x)"),
    "a weight of 2": (lambda m, x, y, c: m.weighted(2.0, x), "mul(2.0, x)"),
    "a weighted 2": (lambda m, x, y, c: m.weighted(x, 2.0), "mul(x, 2.0)"),
    "a weight that may be 0": (lambda m, x, y, c: m.weighted(x, y), "weighted(x, y)"),
    "x * y and y * x": (lambda m, x, y, c: m.where(y > c, x * y, y * x), "mul(x, y)"),
    "x + y and y + x": (lambda m, x, y, c: m.where(y > c, x + y, y + x), "add(x, y)"),
    "x - y and y - x": (lambda m, x, y, c: m.where(y > c, x - y, y - x), "where(gt(y, c), sub(x, y), sub(y, x))"),
    "x where c else x": (lambda m, x, y, c: m.where(y > c, x, x), "x"),
    "nested in the first": (
        lambda m, x, y, c: m.where(y > c, m.where(y > c, x, 3.0), c),
        "where(gt(y, c), x, c)",
    ),
    "nested in the second": (
        lambda m, x, y, c: m.where(y > c, x, m.where(y > c, 3.0, c)),
        "where(gt(y, c), x, c)",
    ),
    "nested under a sign": (
        lambda m, x, y, c: m.where(y > c, -m.where(y > c, -x, x), x),
        "x",
    ),
    "nested under a sign, second": (
        lambda m, x, y, c: m.where(y > c, x, -m.where(y > c, 3.0, c)),
        "where(gt(y, c), x, neg(c))",
    ),
    "nested under another": (
        lambda m, x, y, c: m.where(y > c, m.where(x > c, x, 3.0), c),
        "where(gt(y, c), where(gt(x, c), x, 3.0), c)",
    ),
    "2 + (1 where c else 3)": (lambda m, x, y, c: 2.0 + m.where(y > c, 1.0, 3.0), "where(gt(y, c), 3.0, 5.0)"),
    "(1 where c else 3) - 2": (lambda m, x, y, c: m.where(y > c, 1.0, 3.0) - 2.0, "where(gt(y, c), -1.0, 1.0)"),
    "x * (1 where c else 0)": (lambda m, x, y, c: x * m.where(y > c, 1.0, 0.0), "where(gt(y, c), x, 0.0)"),
    "two branches of one condition": (
        lambda m, x, y, c: m.where(y > c, x, 1.0) + m.where(y > c, c, 2.0),
        "where(gt(y, c), add(x, c), 3.0)",
    ),
    "x + (1 where c else 3)": (
        lambda m, x, y, c: x + m.where(y > c, 1.0, 3.0),
        "add(x, where(gt(y, c), 1.0, 3.0))",
    ),
    "2 ÷ 8": (lambda m, x, y, c: m.constant(2.0) / 8.0, "0.25"),
}


def text(node):
    if node.verb in ("input", "const"):
        return node.name or repr(node.number)
    return f"{node.verb}({', '.join(map(text, node.args))})"


@pytest.mark.parametrize("rule", RULES)
def test_the_simpler_graph_is_kept(rule):
    m = Tracer()
    build, expected = RULES[rule]
    assert text(build(m, *map(m.input, "xyc"))) == expected
