"""How every picture looks, and how it is saved."""

from __future__ import annotations

import io
import os
import re
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from lossfn.core.errors import OptionError, say

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

INK, MUTED, GRID, PAPER = "#1f2328", "#656d76", "#e3e6ea", "#ffffff"
SERIES = ("#1f6feb", "#d1590b", "#1a7f5a", "#8250df", "#bf3989", "#9a6700")
FORMATS = (".svg", ".png", ".pdf")
NAMES = {INK: "--ink", MUTED: "--muted", GRID: "--grid", PAPER: "--paper"} | {
    colour: f"--series-{place}" for place, colour in enumerate(SERIES, start=1)
}
SETTINGS: Any = {
    "axes.edgecolor": MUTED,
    "axes.grid": True,
    "axes.grid.axis": "y",
    "axes.axisbelow": True,
    "axes.labelcolor": MUTED,
    "axes.linewidth": 0.8,
    "axes.spines.left": False,
    "axes.spines.right": False,
    "axes.spines.top": False,
    "axes.titlecolor": INK,
    "axes.titlelocation": "left",
    "axes.titlesize": 10,
    "axes.unicode_minus": True,
    "font.family": ["DejaVu Sans", "sans-serif"],
    "font.size": 9,
    "grid.color": GRID,
    "grid.linewidth": 0.8,
    "lines.linewidth": 1.8,
    "svg.fonttype": "none",
    "svg.hashsalt": "lossfn",
    "text.color": INK,
    "xtick.color": MUTED,
    "xtick.labelsize": 8,
    "ytick.color": MUTED,
    "ytick.labelsize": 8,
    "ytick.left": False,
}


@contextmanager
def canvas(panels: int, width: float, height: float) -> Iterator[tuple[Figure, Sequence[Axes]]]:
    """Yield a figure of panels side by side, in the style of all pictures."""
    try:
        import matplotlib as mpl
        from matplotlib.figure import Figure
    except ImportError as error:
        raise ImportError('pictures need matplotlib. Try: pip install "lossfn[plot]"') from error
    with mpl.rc_context(SETTINGS):
        figure = Figure(figsize=(width, height), layout="constrained")
        yield figure, figure.subplots(1, panels, squeeze=False)[0]


def label_ends(axes: Axes, x: float, labels: Sequence[tuple[float, str, str]]) -> None:
    """Write (height, text, colour) at the right end of curves, moved apart where they would touch."""
    axes.get_ylim()  # settles the limits that the transform reads
    to_screen, gap, floor = axes.transData, 11 * axes.figure.dpi / 72, -float("inf")
    for height, text, colour in sorted(labels):
        level = float(to_screen.transform((x, height))[1])
        floor = max(level, floor + gap)
        shift = (floor - level) * 72 / axes.figure.dpi
        options: dict[str, Any] = {"color": colour, "va": "center", "fontsize": 8, "annotation_clip": False}
        axes.annotate(text, (x, height), (5, shift), textcoords="offset points", **options)


def save(figure: Figure, path: Path) -> None:
    """Write a figure as SVG, PNG or PDF, as the name ends; whole or not at all."""
    if path.suffix.lower() not in FORMATS:
        expected = f"a name that ends in {', '.join(FORMATS)}"
        raise OptionError(say("picture", expected=expected, got=repr(path.name), fix=path.stem + ".svg"))
    write_whole(path, _rendered(figure, path.suffix.lower()[1:]))


def inline(figure: Figure) -> str:
    """Return a figure as SVG for an HTML page, its colours being the page's."""
    text = _rendered(figure, "svg").decode("utf-8")
    text = re.sub(r' id="[a-z0-9]+_\d+(_\d+)*"', "", text[text.index("<svg") :])
    text = re.sub(r'<metadata>.*?</metadata>|<svg width="[^"]*" height="[^"]*"', _opening, text, flags=re.DOTALL)
    for colour, name in NAMES.items():
        text = text.replace(colour, f"var({name})")
    return text


def write_whole(path: Path, content: bytes) -> None:
    """Write a file beside its place and move it there, so that no half of it is ever seen."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        mask = os.umask(0)
        os.umask(mask)
        Path(name).chmod(0o666 & ~mask)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _rendered(figure: Figure, kind: str) -> bytes:
    import matplotlib as mpl

    buffer = io.BytesIO()
    dated = {"svg": {"Date": None}, "pdf": {"CreationDate": None}}
    with mpl.rc_context(SETTINGS):
        figure.savefig(buffer, format=kind, dpi=200, transparent=False, facecolor=PAPER, metadata=dated.get(kind))
    return buffer.getvalue()


def _opening(found: re.Match[str]) -> str:
    return "<svg" if found[0].startswith("<svg") else ""
