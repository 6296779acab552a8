"""How the guide is built: `sphinx-build docs docs/build/en`; with `-D language=zh_CN` in Chinese."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

project = "lossfn"
language = "en"
extensions = [
    "myst_parser",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "extensions.catalogue",
    "extensions.checklist",
    "extensions.mathml",
    "extensions.run",
]
exclude_patterns = ["build"]
templates_path = ["templates"]
suppress_warnings = ["config.cache"]

myst_enable_extensions = ["dollarmath"]
myst_heading_anchors = 3

autodoc_typehints = "none"
add_module_names = False

locale_dirs = ["locale"]
gettext_compact = False
gettext_additional_targets = ["index"]
gettext_location = False
gettext_last_translator = ""
gettext_language_team = ""

html_theme = "furo"
html_title = "lossfn"
html_math_renderer = "mathml"
html_static_path = ["static"]
html_css_files = ["guide.css"]
html_copy_source = False
html_show_copyright = False
html_show_sphinx = False
html_sidebars = {
    "**": [
        "sidebar/brand.html",
        "sidebar/language.html",
        "sidebar/search.html",
        "sidebar/scroll-start.html",
        "sidebar/navigation.html",
        "sidebar/scroll-end.html",
    ]
}
