"""`python -m lossfn.cli` is `lossfn`."""

from lossfn.cli import main

main()
