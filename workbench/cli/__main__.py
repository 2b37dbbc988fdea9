"""`python -m workbench.cli`: the command line of this very interpreter, where `workbench` is on no path."""

from __future__ import annotations

import sys

from workbench.cli import main

if __name__ == "__main__":
    sys.exit(main())
