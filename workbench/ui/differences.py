"""Texts held against each other. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from itertools import groupby

from workbench.scoring.score import Edit
from workbench.ui.catalogue import fill
from workbench.ui.language import phrase, say, tell

METRIC_NAMES = {"wer": "WER", "cer": "CER", "mer": "MER"}

_MARKS = {
    "substitution": ("wb-sub", phrase("substituted: {said} was heard as {heard}")),
    "deletion": ("wb-del", phrase("missing: {said}")),
    "insertion": ("wb-ins", phrase("added: {heard}")),
}


def diff_view(
    edits: Sequence[Edit],
    *,
    above: str = "",
    below: str = "",
    seconds: Sequence[float | None] = (),
    player_id: str = "",
) -> str:
    """Two texts aligned unit by unit, the reference above. What differs is marked by shape, not by colour alone.

    Args:
        edits: The alignment.
        above: Name of the first text; "Reference" where it has none of its own.
        below: Name of the second one; "Hypothesis" where it has none.
        seconds: For each edit, from when on it can be heard; none where that is not known.
        player_id: HTML id of the player; an error whose time is known is a button that plays from there.
    """
    times = seconds or [None] * len(edits)
    cells = "".join(_cell(edit, at, player_id) for edit, at in zip(edits, times, strict=True))
    names = f"<span>{escape(above or say('Reference'))}</span><span>{escape(below or say('Hypothesis'))}</span>"
    legend = (
        f'<p class="wb-legend"><span class="wb-edit wb-sub">{say("substituted")}</span>'
        f'<span class="wb-edit wb-del">{say("missing")}</span><span class="wb-edit wb-ins">{say("added")}</span></p>'
    )
    return (
        f'<div class="wb-diff"><p class="wb-diff-names">{names}</p>'
        f'<p class="wb-aligned" dir="auto">{cells}</p></div>{legend if _differs(edits) else ""}'
    )


def inline_view(edits: Sequence[Edit]) -> str:
    """The second text alone, with what differs from the first marked in it; what it lacks is struck through."""
    parts: list[str] = []
    for op, group in groupby(edits, key=lambda edit: edit.op):
        run = list(group)
        said = escape(_joined([edit.reference for edit in run]))
        heard = escape(_joined([edit.hypothesis for edit in run]))
        if op == "hit":
            parts.append(heard)
        elif op == "deletion":
            parts.append(f'<del class="wb-edit wb-del">{said}</del>')
        elif op == "insertion":
            parts.append(f'<ins class="wb-edit wb-ins">{heard}</ins>')
        else:
            instead = say("instead of {said}", said=said)
            parts.append(f'<ins class="wb-edit wb-sub" title="{instead}">{heard}</ins>')
    return f'<p class="wb-inline" dir="auto">{" ".join(parts)}</p>'


def _differs(edits: Sequence[Edit]) -> bool:
    return any(edit.op != "hit" for edit in edits)


def _joined(units: Sequence[str]) -> str:
    """Units as text: a space between Latin words, none between Han characters."""
    text = ""
    for unit in units:
        text += f" {unit}" if text and text[-1].isascii() and unit[:1].isascii() else unit
    return text


def _cell(edit: Edit, at: float | None, player_id: str) -> str:
    said, heard = escape(edit.reference), escape(edit.hypothesis)
    units = f"<i>{said or '&nbsp;'}</i><i>{heard or '&nbsp;'}</i>"
    if edit.op == "hit":
        return f'<span class="wb-cell">{units}</span>'
    mark, words = _MARKS[edit.op]
    title = fill(tell(words), {"said": said, "heard": heard})
    settings = f'class="wb-cell {mark}" data-error title="{title}"'
    if at is None:
        return f"<span {settings}>{units}</span>"
    seek = f'data-seek="{at:.3f}" data-plays="{escape(player_id)}"'
    return f'<button type="button" {settings} {seek}>{units}</button>'
