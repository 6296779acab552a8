"""What the registry knows: `losses` is a table of formulas, `documented` the docstrings.

Both take names, or the kind of losses that `lossfn list` puts under one heading.
"""

import inspect
import re

from docutils import nodes
from sphinx.util.docutils import SphinxDirective

import lossfn as lf
from lossfn.core.answers import kind
from lossfn.explanation.formulas import describe

from .tables import apart, table
from .words import word

METHODS = ("__call__", "value_and_grad", "grad_and_hess", "hessian_matrix", "accumulate", "scorer")
HEAD = ("loss", "formula", "estimates")


def of_kind(wanted):
    """Return the names of all losses of a kind, or of the functions."""
    if wanted == "functions":
        return [name for name in dir(lf) if inspect.isfunction(getattr(lf, name))]
    return [name for name in dir(lf) if name in REGISTERED and kind(lf.get(name)) == wanted]


REGISTERED = {type(lf.get(name)).__name__ for name in lf.list_losses()}


def written(loss):
    """Return the formula of a loss, a line for each case, and what its names stand for."""
    found = describe(loss)
    value = found.formulas[0]
    lines = [f"{text}  {condition}".rstrip() for text, condition in value.cases]
    return [*lines, *(line for line in found.definitions if uses(str(value), line.split()[0]))]


def uses(formula, name):
    """Tell whether a formula uses a name, a square behind it or not."""
    return re.search(rf"(?<![A-Za-z_]){name}(?![A-Za-z_])", formula)


def line(name, language):
    """Return the row of a loss."""
    loss = lf.get(name)
    formula = apart(nodes.literal("", text) for text in written(loss))
    return [[nodes.literal("", name)], formula, word(loss.estimates, language)]


class Named(SphinxDirective):
    """Takes names, or a kind."""

    has_content = True
    optional_arguments = 1
    final_argument_whitespace = True

    def names(self):
        """Return the names asked for."""
        return of_kind(self.arguments[0]) if self.arguments else " ".join(self.content).split()


class Losses(Named):
    """Shows a table of losses."""

    def run(self):
        language = self.config.language
        head = [word(text, language) for text in HEAD]
        return [table(head, [line(name, language) for name in self.names()], classes=["losses"])]


class Documented(Named):
    """Shows docstrings; they are in English and stay so."""

    def run(self):
        if self.env.app.builder.name == "gettext":
            return []
        calls = "\n".join(call(name) for name in self.names())
        return self.parse_text_to_nodes(f"```{{eval-rst}}\n{calls}\n```")


def call(name):
    """Return the directive that documents a public name; of a base class, its methods too."""
    found = getattr(lf, name)
    if not inspect.isclass(found):
        return f".. autofunction:: lossfn.{name}\n"
    methods = () if name in REGISTERED else METHODS
    return "\n".join([f".. autoclass:: lossfn.{name}\n", *(f"   .. automethod:: {method}" for method in methods), ""])


def escape(app, what, name, obj, options, lines):
    """Keep the bars of |x| and a lone star from being taken for markup, in text that is no literal block."""
    literal = False
    for place, text in enumerate(lines):
        literal = literal and (not text or text.startswith(" "))
        if not literal and not text.lstrip().startswith(">>>"):
            text = text.replace("|", r"\|")
            lines[place] = re.sub(r"(?<!\\)\*", r"\*", text) if text.count("*") % 2 else text
        literal = literal or text.endswith("::")


def setup(app):
    app.add_directive("losses", Losses)
    app.add_directive("documented", Documented)
    app.connect("autodoc-process-docstring", escape)
    return {"parallel_read_safe": True}
