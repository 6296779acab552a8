"""Python that runs while the pages are built: the directives `run` and `draw`, the role `value`.

All code of a page shares one set of names. What it prints, the value of a role and a figure come from this run, so
that no page holds a number that a program should compute.
"""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager, redirect_stdout
from typing import ClassVar

import figures
from docutils import nodes
from docutils.parsers.rst import directives
from sphinx.util.docutils import SphinxDirective, SphinxRole

from lossfn.explanation.style import inline

from .words import translated


def names(env):
    """Return the names of the page being read."""
    return env.current_document.setdefault("names of the page", {})


def extracting(env):
    """Tell whether texts are extracted for translation: then nothing needs to run."""
    return env.app.builder.name == "gettext"


@contextmanager
def printed_warnings():
    """Print warnings as a reader would see them."""
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        warnings.showwarning = lambda message, category, *_: print(f"{category.__name__}: {message}")
        yield


def execute(code, scope, raises=None):
    """Run code and return what it prints; with `raises` it must end in that exception, which is printed."""
    printed = io.StringIO()
    with redirect_stdout(printed), printed_warnings():
        try:
            exec(code, scope)
        except Exception as error:
            if type(error).__name__ != raises:
                raise
            print(f"{raises}: {error}")
        else:
            if raises:
                raise AssertionError(f"no {raises}: {code}")
    return printed.getvalue().rstrip()


class Run(SphinxDirective):
    """Shows code and what it prints."""

    has_content = True
    option_spec: ClassVar = {"raises": directives.unchanged_required}

    def run(self):
        if extracting(self.env):
            return []
        code = "\n".join(self.content)
        printed = execute(code, names(self.env), self.options.get("raises"))
        blocks = [nodes.literal_block(code, code, language="python", classes=["code"])]
        if printed:
            blocks.append(nodes.literal_block(printed, printed, language="none", classes=["printed"]))
        return blocks


class Draw(SphinxDirective):
    """Shows the figure that an expression gives; the functions of docs/figures.py are at hand."""

    has_content = True

    def run(self):
        if extracting(self.env):
            return []
        figure = eval("\n".join(self.content), vars(figures) | names(self.env))
        picture = translated(inline(figure), self.config.language)
        return [nodes.raw("", f'<figure class="drawn">{picture}</figure>', format="html")]


class Value(SphinxRole):
    """Writes the value of an expression."""

    def run(self):
        value = "" if extracting(self.env) else eval(self.text, names(self.env))
        return [nodes.inline("", str(value), classes=["value"])], []


def setup(app):
    app.add_directive("run", Run)
    app.add_directive("draw", Draw)
    app.add_role("value", Value())
    app.connect("env-get-outdated", lambda app, env, *_: sorted(env.all_docs))  # what code prints may have changed
    return {"parallel_read_safe": True}
