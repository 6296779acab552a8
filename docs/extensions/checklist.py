"""The directive `checklist`: every row of docs/checklist.tsv with the pages and tests that answer it."""

from docutils import nodes
from sphinx import addnodes
from sphinx.util.docutils import SphinxDirective

from .claims import checklist, traces
from .tables import apart, table
from .words import word

HEAD = ("row", "tutorial", "claim", "shown in", "tested by")


class Checklist(SphinxDirective):
    """Shows the table."""

    def run(self):
        found, language = traces(), self.config.language
        column = "Chinese" if language.startswith("zh") else "English"
        rows = [self.line(row, row[column], *found[int(row["row"])]) for row in checklist()]
        return [table([word(text, language) for text in HEAD], rows, classes=["checklist"])]

    def line(self, row, claim, pages, tests):
        """Return the cells of a row."""
        links = [link(page, self.env.docname) for page in pages]
        return [row["row"], row["document"], coded(claim), apart(links), apart(map(short, tests))]


def coded(text):
    """Return a text with what stands in backquotes as code."""
    return [nodes.literal("", part) if odd % 2 else nodes.Text(part) for odd, part in enumerate(text.split("`"))]


def link(page, here):
    """Return a link to a page, with its title."""
    target = addnodes.pending_xref(
        "", nodes.inline(), refdomain="std", reftype="doc", reftarget="/" + page, refexplicit=False, refwarn=True
    )
    target["refdoc"] = here
    return target


def short(test):
    """Return the file of a test, and its name as the sentence it is."""
    file, _, name = test.partition("::test_")
    return nodes.inline(
        "", "", nodes.literal("", file.removeprefix("tests/")), nodes.Text(f" {name.replace('_', ' ')}")
    )


def setup(app):
    app.add_directive("checklist", Checklist)
    return {"parallel_read_safe": True}
