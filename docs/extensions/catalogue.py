"""The directive `losses`: what the registry knows of the losses named, as a table."""

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import lossfn as lf
from lossfn.explanation.formulas import describe

from .tables import table
from .words import word

HEAD = ("loss", "formula", "estimates")


def written(loss):
    """Return the formula of a loss, a line for each case, and what its names stand for."""
    found = describe(loss)
    value = found.formulas[0]
    lines = [f"{text}  {condition}".rstrip() for text, condition in value.cases]
    return [*lines, *(line for line in found.definitions if line.split(" = ")[0] in str(value))]


def line(name, language):
    """Return the row of a loss."""
    loss = lf.get(name)
    formula = []
    for text in written(loss):
        formula += [nodes.literal("", text), nodes.Text("\n")]
    return [[nodes.literal("", name)], formula[:-1], word(loss.estimates, language)]


class Losses(SphinxDirective):
    """Shows a table of the losses named."""

    has_content = True

    def run(self):
        names = " ".join(self.content).split()
        head = [word(text, self.config.language) for text in HEAD]
        return [table(head, (line(name, self.config.language) for name in names), classes=["losses"])]


def setup(app):
    app.add_directive("losses", Losses)
    return {"parallel_read_safe": True}
