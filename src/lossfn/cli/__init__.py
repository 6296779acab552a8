"""The command line: `lossfn train`, `evaluate`, `show`, `list` and `check`.

A command's file is loaded when the command is called, and NumPy when it computes, so that `--help` is immediate.
"""

from __future__ import annotations

import sys

__all__ = ["main"]


def main() -> None:
    """Run the command on the words the process was given, and exit with 0, 1 or 2."""
    try:
        from lossfn.cli.app import app
    except ModuleNotFoundError as missing:
        if missing.name != "click":
            raise
        sys.exit('lossfn: the command line needs click and rich. Try: pip install "lossfn[cli]"')
    app.main()
