"""Where several texts of the same speech differ, when nobody knows what was said."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.scoring.alignment import align_units
from workbench.text.rulers import Ruler
from workbench.text.units import split


@dataclass(frozen=True, slots=True)
class Piece:
    """A part of a text.

    Attributes:
        text: As it is written, white space included; the pieces of a text together are the text.
        alone: Whether another text has something else there, or nothing.
    """

    text: str
    alone: bool


def mark_differences(texts: Sequence[str], ruler: Ruler) -> list[tuple[Piece, ...]]:
    """The units of each text, and whether all others have them in the same place.

    Every text is aligned with every other, unit by unit as the ruler makes each of them alike; what is nothing under
    the ruler (punctuation) differs from nothing.

    Args:
        texts: Of the same speech, two or more.
        ruler: What makes two units the same.
    """
    written = [split(text, "mixed") for text in texts]
    alike = [[ruler.apply(unit) for unit in units] for units in written]
    counted = [[place for place, key in enumerate(keys) if key] for keys in alike]
    keys = [[alike[number][place] for place in places] for number, places in enumerate(counted)]
    marked: list[tuple[Piece, ...]] = []
    for number, text in enumerate(texts):
        others = [one for other, one in enumerate(keys) if other != number]
        alone: set[int] = set()
        for edits in align_units([keys[number]] * len(others), others):
            ours = (edit for edit in edits if edit.op != "insertion")
            alone |= {place for place, edit in zip(counted[number], ours, strict=True) if edit.op != "hit"}
        marked.append(tuple(_pieces(text, written[number], alone)))
    return marked


def _pieces(text: str, units: Sequence[str], alone: set[int]) -> list[Piece]:
    pieces: list[Piece] = []
    at = 0
    for place, unit in enumerate(units):
        start = text.index(unit, at)
        if start > at:
            pieces.append(Piece(text[at:start], alone=False))
        at = start + len(unit)
        pieces.append(Piece(unit, alone=place in alone))
    return [*pieces, Piece(text[at:], alone=False)] if at < len(text) else pieces
