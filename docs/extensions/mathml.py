"""Formulas as MathML, which browsers typeset themselves: no script, no font from the network."""

import re
from itertools import cycle

from docutils import nodes
from latex2mathml.converter import convert

BAR = r'<mo(?: stretchy="false")?>&#x0007C;</mo>'
SIGN = r"(<mo[^>]*>(?:&#x0003D;|&#x00028;|&#x0002C;|\[)</mo>)<mo>&#x02212;</mo>"


def mathml(formula, **options):
    """Return MathML in which bars stand close to what they enclose, and signs to their numbers."""
    forms = cycle(["prefix", "postfix"])
    text = re.sub(BAR, lambda _: f'<mo stretchy="false" form="{next(forms)}">|</mo>', convert(formula, **options))
    return re.sub(SIGN, r'\1<mo form="prefix">−</mo>', text)


def inline(writer, node):
    writer.body.append(mathml(node.astext()))
    raise nodes.SkipNode


def block(writer, node):
    writer.body.append(f'<div class="math">{mathml(node.astext(), display="block")}</div>')
    raise nodes.SkipNode


def setup(app):
    app.add_html_math_renderer("mathml", (inline, None), (block, None))
    return {"parallel_read_safe": True}
