"""What a row of the transcript on the page shows. Pure: an edited transcript in, values out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from workbench.engines.base import Segment
from workbench.pipeline.coverage import Flag
from workbench.pipeline.edited import EditedTranscript, ShownSegment
from workbench.pipeline.paragraphs import paragraphs
from workbench.pipeline.passages import Passage
from workbench.pipeline.transcript import Transcript, clock, join_texts
from workbench.pipeline.turns import Speaker, shown_name

_LEAST_OVERLAP_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One segment.

    Attributes:
        number: As edits call it.
        segment: As readers get it; its text may be empty.
        text: What is edited: without corrections for reading.
        heard: What the engine had written there; None where nobody changed it.
        is_again: Whether it was heard again, in place of what was there at first.
        label: Whose it is; empty where that is not known.
        name: Who says it, where somebody else spoke before; else empty.
        flags: Open places to check that lie in it.
        stamp: `00:12:34` where a paragraph begins, else empty.
        is_spaced: Whether a space stands between it and the row before.
    """

    number: int
    segment: Segment
    text: str
    heard: str | None = None
    is_again: bool = False
    label: str = ""
    name: str = ""
    flags: tuple[Flag, ...] = ()
    stamp: str = ""
    is_spaced: bool = False


def rows_of(edited: EditedTranscript, view: Transcript) -> list[Row]:
    """A row for every segment, in order.

    Args:
        edited: The transcript.
        view: Its `view()`.
    """
    shown = edited.shown()
    stamps = _stamps(shown, view)
    last_of_engine = len(edited.raw.segments)
    again = {_place(one) for rerun in edited.reruns for one in rerun.segments}
    rows: list[Row] = []
    before, name_before = "", ""
    for one in shown:
        text, passage = one.segment.text.strip(), one.passage
        name = shown_name(passage.speaker, view.speakers)
        rows.append(
            Row(
                number=passage.id,
                segment=one.segment,
                text=passage.text,
                heard=_heard(edited, passage) if passage.is_edited or passage.id >= last_of_engine else None,
                is_again=_place(passage.heard) in again,
                label=passage.speaker,
                name=name if name != name_before else "",
                flags=flags_in(passage.heard, view.flags),
                stamp=stamps.get(passage.id, ""),
                is_spaced=bool(before and text) and " " in join_texts((before[-1], text[0])),
            )
        )
        before, name_before = text or before, name
    return rows


def plain_rows(segments: Sequence[Segment], *, flags: Sequence[Flag], speakers: Sequence[Speaker]) -> list[Row]:
    """Rows of segments that nobody can edit yet."""
    rows: list[Row] = []
    before = ""
    for number, segment in enumerate(segments):
        name = shown_name(segment.speaker, speakers)
        rows.append(
            Row(
                number=number,
                segment=segment,
                text=segment.text.strip(),
                name=name if name != before else "",
                flags=flags_in(segment, flags),
            )
        )
        before = name
    return rows


def flags_in(segment: Segment, flags: Sequence[Flag]) -> tuple[Flag, ...]:
    """Those that share some time with the segment; one that only borders on it does not."""
    return tuple(
        flag for flag in flags if min(flag.end, segment.end) - max(flag.start, segment.start) > _LEAST_OVERLAP_SECONDS
    )


def _heard(edited: EditedTranscript, passage: Passage) -> str:
    """What the engine wrote first at this place: of the segment itself, else of those whose middle lies in it."""
    raw = edited.raw.segments
    if passage.id < len(raw):
        return raw[passage.id].text.strip()
    return join_texts(one.text for one in raw if passage.start <= (one.start + one.end) / 2 < passage.end)


def _place(segment: Segment) -> tuple[float, float, str]:
    return segment.start, segment.end, segment.text.strip()


def _stamps(shown: Sequence[ShownSegment], view: Transcript) -> dict[int, str]:
    """Where a paragraph begins, by the segment's number; `paragraphs` counts the segments that have text."""
    numbers = [one.passage.id for one in shown if one.segment.text.strip()]
    stamps: dict[int, str] = {}
    for one in paragraphs(view):
        stamps.setdefault(numbers[one.first], clock(one.start)[:8])
    return stamps
