"""A report: one HTML file that holds everything, opens anywhere and asks nothing of any server."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING

from lossfn.explanation.style import GRID, INK, MUTED, PAPER, SERIES, inline

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Rows = Sequence[Sequence[str]]

STYLE = f"""
:root {{ --ink: {INK}; --muted: {MUTED}; --grid: {GRID}; --paper: {PAPER};
  {"; ".join(f"--series-{place}: {colour}" for place, colour in enumerate(SERIES, start=1))} }}
* {{ box-sizing: border-box }}
body {{ margin: 0; background: #f6f7f9; color: var(--ink);
  font: 16px/1.55 system-ui, -apple-system, "Segoe UI", Roboto, "DejaVu Sans", sans-serif }}
main {{ max-width: 1080px; margin: 0 auto; padding: 40px 24px 64px }}
h1 {{ margin: 0; font-size: clamp(24px, 5vw, 34px); line-height: 1.2; letter-spacing: -.02em; overflow-wrap: anywhere }}
h2 {{ margin: 0 0 4px; font-size: 18px; letter-spacing: -.01em }}
p {{ margin: 0; color: var(--muted); max-width: 70ch }}
header {{ margin-bottom: 28px }} header p {{ margin-top: 8px; font-size: 17px }}
section, .figures div {{ background: var(--paper); border: 1px solid var(--grid); border-radius: 12px }}
.sections {{ display: grid; grid-template-columns: 1fr 1fr; gap: 16px; margin-top: 16px }}
section {{ padding: 20px 24px; grid-column: 1 / -1; min-width: 0 }}
section.half {{ grid-column: auto }}
.figures {{ display: grid; grid-template-columns: repeat(auto-fit, minmax(150px, 1fr)); gap: 16px; margin: 0 }}
.figures div {{ padding: 14px 20px }}
.figures dt {{ color: var(--muted); font-size: 14px }}
.figures dd {{ margin: 0; font-size: 26px; font-weight: 600; letter-spacing: -.02em;
  font-variant-numeric: tabular-nums }}
.pictures {{ display: flex; flex-wrap: wrap; gap: 8px 20px; margin-top: 12px }}
.pictures figure {{ flex: 1 1 290px; min-width: 0; margin: 0 }}
.pictures figure.wide {{ flex-basis: 400px }}
svg {{ display: block; width: 100%; height: auto }}
.scroll {{ overflow-x: auto; margin-top: 12px }}
table {{ border-collapse: collapse; font-size: 15px; font-variant-numeric: tabular-nums; width: 100% }}
th {{ text-align: left; font-weight: 500; color: var(--muted); font-size: 14px }}
th, td {{ padding: 6px 20px 6px 0; border-bottom: 1px solid var(--grid); vertical-align: top }}
th:last-child, td:last-child {{ padding-right: 0 }}
tr:last-child td {{ border-bottom: 0 }}
th.number, td.number {{ text-align: right }}
code {{ display: block; margin-top: 12px; padding: 12px 16px; border-radius: 8px; background: #f6f7f9; overflow-x: auto;
  font: 14px/1.5 ui-monospace, "SF Mono", Menlo, Consolas, "DejaVu Sans Mono", monospace; white-space: pre-wrap;
  overflow-wrap: anywhere }}
@media (max-width: 820px) {{ section.half {{ grid-column: 1 / -1 }} }}
@media (max-width: 600px) {{
  main {{ padding: 24px 14px 40px }} section {{ padding: 16px 14px }}
  .pictures figure, .pictures figure.wide {{ flex-basis: 100% }}
  .figures {{ grid-template-columns: 1fr 1fr; gap: 10px }} .figures div {{ padding: 10px 14px }}
  .figures dd {{ font-size: 22px }} th, td {{ padding-right: 18px }}
}}
@media print {{ body {{ background: none }} section {{ break-inside: avoid }} }}
"""


@dataclass(frozen=True)
class Section:
    """A part of a report: a heading, a sentence, pictures side by side, a table, a command.

    Attributes
    ----------
    rows
        The table's rows, the first one naming its columns; columns that hold numbers only stand to the right.
    half
        Whether it shares the width of the page with a neighbour.
    """

    heading: str
    note: str = ""
    pictures: Sequence[Figure] = ()
    rows: Rows = ()
    command: str = ""
    half: bool = False


def report(title: str, note: str, figures: Iterable[tuple[str, str]], sections: Iterable[Section]) -> str:
    """Return a page with a title, the figures that matter most, and sections.

    Examples
    --------
    >>> from lossfn.explanation.report import Section, report
    >>> page = report("Huber", "A loss.", [("test loss", "0.25")], [Section("Command", command="lossfn list")])
    >>> "<dd>0.25</dd>" in page, "http:" in page
    (True, False)
    """
    tiles = "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(figure)}</dd></div>" for name, figure in figures)
    policy = "default-src 'none'; style-src 'unsafe-inline'"
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<title>{escape(title)}</title>
<style>{STYLE}</style>
</head>
<body>
<main>
<header><h1>{escape(title)}</h1><p>{escape(note)}</p></header>
<dl class="figures">{tiles}</dl>
<div class="sections">
{"".join(map(_section, sections))}</div>
</main>
</body>
</html>
"""


def _section(section: Section) -> str:
    note = f"<p>{escape(section.note)}</p>" if section.note else ""
    command = f"<code>{escape(section.command)}</code>" if section.command else ""
    body = _pictures(section.pictures) + _table(section.rows) + command
    half = ' class="half"' if section.half else ""
    return f"<section{half}><h2>{escape(section.heading)}</h2>{note}{body}</section>\n"


def _pictures(pictures: Sequence[Figure]) -> str:
    if not pictures:
        return ""
    wide = ' class="wide"' if len(pictures) < 3 else ""
    return f'<div class="pictures">{"".join(f"<figure{wide}>{inline(each)}</figure>" for each in pictures)}</div>'


def _table(rows: Rows) -> str:
    if not rows:
        return ""
    numbers = [all(_is_number(row[place]) for row in rows[1:]) for place in range(len(rows[0]))]
    head, *body = (_row(row, numbers, "td" if place else "th") for place, row in enumerate(rows))
    return f'<div class="scroll"><table><thead>{head}</thead><tbody>{"".join(body)}</tbody></table></div>'


def _row(cells: Sequence[str], numbers: Sequence[bool], tag: str) -> str:
    marked = zip(cells, numbers, strict=True)
    kinds = ((cell, ' class="number"' if right else "") for cell, right in marked)
    return f"<tr>{''.join(f'<{tag}{kind}>{escape(cell)}</{tag}>' for cell, kind in kinds)}</tr>"


def _is_number(cell: str) -> bool:
    return cell.strip("+-−–0123456789.,e %*") == ""
