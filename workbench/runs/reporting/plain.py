"""Texts that are data, as any report may show them."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from workbench.scoring.score import Edit

MOST_UNITS = 400
"""Units of an alignment that a report writes out; the rest is left out, and that is shown."""

# No characters, half characters, and marks that turn around what follows them (Unicode TR 36, 2.3).
_UNSHOWN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufdd0-\ufdef\ufffe\uffff]"
)


def shown(text: str) -> str:
    """The text with U+FFFD for every character that is not to be seen or would change what is seen around it."""
    return _UNSHOWN.sub("\N{REPLACEMENT CHARACTER}", text)


def elided(edits: Sequence[Edit]) -> Iterator[Edit | None]:
    """The first `MOST_UNITS` steps of an alignment, and None where there are more."""
    yield from edits[:MOST_UNITS]
    if len(edits) > MOST_UNITS:
        yield None
