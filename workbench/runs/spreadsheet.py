"""Cells of CSV files that a spreadsheet shows and does not run.

A cell that begins like a formula gets an apostrophe in front, as OWASP's page on CSV injection advises; so does one
that begins with apostrophes and then like a formula, so that taking one away gives back every cell as it was.
"""

from __future__ import annotations

import re

# = + - @ with their full-width forms, tab and line breaks: what Excel and LibreOffice take for the start of a formula,
# or drop before one.
_FORMULA = re.compile(r"'*[=+\-@＝＋－＠\t\r\n]")


def guarded(cell: str) -> str:
    """The cell as text for a spreadsheet."""
    return f"'{cell}" if _FORMULA.match(cell) else cell


def unguarded(cell: str) -> str:
    """The cell as it was before `guarded`; a cell that was never guarded and begins `'=` loses its apostrophe."""
    return cell[1:] if cell.startswith("'") and _FORMULA.match(cell) else cell
