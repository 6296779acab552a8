"""The words that programs write into pages, in the language of the page: labels of figures, headings of tables."""

import gettext
import re
from pathlib import Path

LOCALE = Path(__file__).parents[1] / "locale"


def word(text, language):
    """Return a word in a language; as it is where the catalogue does not have it."""
    return gettext.translation("words", LOCALE, [language], fallback=True).gettext(text)


def translated(picture, language):
    """Return an SVG picture with the texts in it in a language."""
    return re.sub(r"(?<=>)[^<>]*\w[^<>]*(?=</text>)", lambda found: word(found[0], language), picture)
