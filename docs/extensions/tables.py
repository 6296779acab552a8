"""Tables whose cells programs fill."""

from docutils import nodes


def table(head, rows, classes=()):
    """Return a table of cells, each a text or a list of inline nodes."""
    columns = len(head)
    body = nodes.tgroup(cols=columns)
    body += [nodes.colspec(colwidth=100 // columns) for _ in head]
    body += nodes.thead("", row(head))
    body += nodes.tbody("", *map(row, rows))
    return nodes.table("", body, classes=[*classes])


def row(cells):
    """Return one row."""
    return nodes.row("", *(nodes.entry("", nodes.paragraph("", "", *inline(cell))) for cell in cells))


def inline(cell):
    """Return what stands in a cell."""
    return [nodes.Text(cell)] if isinstance(cell, str) else cell


def apart(items):
    """Put line breaks between inline nodes."""
    found = []
    for item in items:
        found += [nodes.raw("", "<br>", format="html"), item]
    return found[1:]
