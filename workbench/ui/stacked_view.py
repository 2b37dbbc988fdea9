"""Two to four systems under one reference, in one alignment. Pure: values in, HTML out."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterator, Sequence
from html import escape

from workbench.runs.side_by_side import StackedClip
from workbench.scoring.alignment import Edit
from workbench.scoring.stacked import Column
from workbench.ui.catalogue import fill
from workbench.ui.language import phrase, say, tell

MOST_COLUMNS = 800
"""Of an alignment that the page shows; whole texts are below it."""

REFERENCE = phrase("Ref")
_NARROWEST = 13.0
"""Em that the narrowest window has for an alignment: 400 pixels less margins and names."""
_WIDE, _NARROW, _AROUND = 1.05, 0.7, 0.8
"""Em of a Han character, of a letter, and of what is around a unit; rather too much."""
_MARKS = {
    "substitution": ("wb-sub", phrase("{said} was heard as {heard}")),
    "deletion": ("wb-del", phrase("{said} is missing")),
    "insertion": ("wb-ins", phrase("{heard} was added")),
}


def stacked_view(clip: StackedClip, letters: Sequence[str], *, player_id: str = "", language: str = "") -> str:
    """The reference with what each system heard below it, unit by unit; lines break where the window ends.

    Every line has the same number of rows of the same height, so that the names at the left, which are repeated once a
    line, stay beside theirs whatever the width.

    Args:
        clip: The clip.
        letters: Of each run that the clip was asked for.
        player_id: HTML id of the player; a place whose time is known is a button that plays from there.
        language: Of the clip; decides which Han forms are shown.
    """
    if clip.stack is None:
        return ""
    if not clip.stack.columns:
        return f'<p class="wb-note">{say("Under this ruler nothing is left of any text.")}</p>'
    names = [letters[place] for place in clip.aligned]
    shown = clip.stack.columns[:MOST_COLUMNS]
    cells = "".join(
        _column(column, at, names, player_id) for column, at in zip(shown, clip.seconds[:MOST_COLUMNS], strict=True)
    )
    rows = "".join(f"<i>{escape(name)}</i>" for name in (tell(REFERENCE), *names))
    gutter = f"<span>{rows}</span>" * _most_lines(shown)
    lang = f' lang="{escape(language)}"' if language else ""
    rest = len(clip.stack.columns) - len(shown)
    more = say("… and {count} more places, in the texts below.", count=f"{rest:,}")
    left_out = f'<p class="wb-note">{more}</p>' if rest else ""
    return (
        f'<div class="wb-stack-scroll"><div class="wb-stack" style="--wb-rows:{len(names) + 1}">'
        f'<div class="wb-gutter" aria-hidden="true">{gutter}'
        f'</div><p class="wb-aligned" dir="auto"{lang}>{cells}</p></div></div>'
        f"{left_out}{_legend()}"
    )


def _legend() -> str:
    return (
        f'<p class="wb-legend"><span class="wb-edit wb-sub">{say("heard as something else")}</span>'
        f'<span class="wb-edit wb-gone">− {say("missing")}</span><span class="wb-edit wb-more">+ {say("added")}</span>'
        "</p>"
    )


def count_places(clip: StackedClip) -> int:
    """Places in which any system differs from the reference, as far as they are shown."""
    return 0 if clip.stack is None else sum(map(_differs, clip.stack.columns[:MOST_COLUMNS]))


def _differs(column: Column) -> bool:
    return any(edit is not None and edit.op != "hit" for edit in column.edits)


def _column(column: Column, at: float | None, names: Sequence[str], player_id: str) -> str:
    units = f"<i>{escape(column.reference or '') or '&nbsp;'}</i>" + "".join(map(_unit, column.edits))
    if not _differs(column):
        return f'<span class="wb-cell">{units}</span>'
    title = "; ".join(_said(column.edits, names))
    settings = f'class="wb-cell wb-differs" data-error title="{escape(title)}"'
    if at is None:
        return f"<span {settings}>{units}</span>"
    seek = f'data-seek="{at:.3f}" data-plays="{escape(player_id)}"'
    return f'<button type="button" {settings} {seek}>{units}</button>'


def _unit(edit: Edit | None) -> str:
    """One system's part of a column; a missing unit is a sign of its own, so that it is not taken for nothing said."""
    if edit is None:
        return "<i>&nbsp;</i>"
    if edit.op == "hit":
        return f'<i class="wb-hit">{escape(edit.hypothesis)}</i>'
    mark, _ = _MARKS[edit.op]
    return f'<i class="{mark}">{escape(edit.hypothesis) or "−"}</i>'


def _said(edits: Sequence[Edit | None], names: Sequence[str]) -> Iterator[str]:
    for edit, name in zip(edits, names, strict=True):
        if edit is not None and edit.op != "hit":
            _, words = _MARKS[edit.op]
            yield f"{name}: {fill(tell(words), {'said': edit.reference, 'heard': edit.hypothesis})}"


def _most_lines(columns: Sequence[Column]) -> int:
    """At most so many lines: two that follow each other hold more than one line's width together."""
    total = sum(min(_width(column), _NARROWEST) for column in columns)
    return math.ceil(2 * total / _NARROWEST) + 1


def _width(column: Column) -> float:
    units = [column.reference or "", *(edit.hypothesis for edit in column.edits if edit is not None)]
    return max(sum(map(_em, unit)) for unit in units) + _AROUND


def _em(character: str) -> float:
    return _WIDE if unicodedata.east_asian_width(character) in "WF" else _NARROW
