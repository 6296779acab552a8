"""Formulas as MathML, which browsers typeset themselves: no script, no font from the network."""

import re
from itertools import cycle

from docutils import nodes
from latex2mathml.converter import convert

BAR = r'<mo(?: stretchy="false")?>&#x0007C;</mo>'
NAME = re.compile(
    r"(</m(?:i|n|sub|sup|row|frac)>|&#x00029;</mo>)?"  # what stands before
    r"(<mi>(?:log|ln)</mi>|<mo>(?:sign|softmax)</mo>)"
    r"(<mo[^>]*>&#x00028;)?"  # a bracket behind
)
THIN = '<mspace width="0.167em" />'
SIGN = r"(<mo[^>]*>(?:&#x0003D;|&#x00028;|&#x0002C;|\[)</mo>)<mo>&#x02212;</mo>"


def mathml(formula, **options):
    """Return MathML in which bars and signs stand close to what follows, and names of functions apart."""
    forms = cycle(["prefix", "postfix"])
    text = re.sub(BAR, lambda _: f'<mo stretchy="false" form="{next(forms)}">|</mo>', convert(formula, **options))
    text = re.sub(NAME, apart, text)
    return re.sub(SIGN, r'\1<mo form="prefix">−</mo>', text)


def apart(found):
    """Put a thin space before the name of a function where a factor stands there, and behind it before an argument."""
    before, name, bracket = found.groups(default="")
    name = name.replace("mo>", "mi>")
    return before + THIN * bool(before) + name + (bracket or THIN)


def inline(writer, node):
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block(writer, node):
    writer.body.append(f'<div class="math">{mathml(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
