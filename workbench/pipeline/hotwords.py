"""The names and terms an engine was told to expect: which of them are in the text, and which leaked into silence."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, replace

from workbench.audio.segment import Span
from workbench.engines.base import Segment
from workbench.pipeline.coverage import Flag, FlagKind, cover
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.units import spoken_units
from workbench.scoring.terms import count_terms
from workbench.text.rulers import Ruler, default_ruler, find_ruler
from workbench.text.units import split

MOST_UNITS = 8
"""Han characters and words; what is longer between two commas is a sentence about the recording, and no term."""

FEWEST_IN_A_ROW = 3
"""So many terms one after the other, in the order of the list and with nothing between them, are the list itself: it
is what Whisper and Qwen3-ASR write where they hear nothing."""

_UNSPOKEN: frozenset[FlagKind] = frozenset({"phrase", "loop", "too_long", "leak"})
_SEPARATORS = re.compile(r"[,，、;；|\n\r\t]+|[。！？!?]+|\.(?=\s|$)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Hotword:
    """One term of a context.

    Attributes:
        term: As the user wrote it.
        found: How often it is in the text, leaks left out. That it was said there is not known.
        leaked: How often it is where nobody speaks, or as part of the list itself.
    """

    term: str
    found: int
    leaked: int


def split_terms(context: str) -> tuple[str, ...]:
    """The terms of a context: what stands between commas, semicolons, full stops and ends of lines, each once.

    Sentences about the recording are left out: see `MOST_UNITS`. Terms with nothing but spaces between them are one.
    """
    parts = (part.strip() for part in _SEPARATORS.split(context))
    return tuple(dict.fromkeys(part for part in parts if 0 < len(spoken_units(part)) <= MOST_UNITS))


def hotword_report(transcript: Transcript, context: str | None = None) -> tuple[Hotword, ...]:
    """What became of each term, in the order of the context; empty where there was none.

    Terms are compared as the ruler of the transcript's language compares texts, as whole words.

    Args:
        transcript: Whose text is searched.
        context: None is what the engine was told.
    """
    terms = split_terms(transcript.context if context is None else context)
    if not terms:
        return ()
    ruler = _ruler(transcript)
    leaking = {place for place, _ in _leaks(transcript, terms, ruler)}
    texts = [one.text for one in transcript.segments] or [transcript.text]
    found = _count([text for place, text in enumerate(texts) if place not in leaking], terms, ruler)
    leaked = _count([text for place, text in enumerate(texts) if place in leaking], terms, ruler)
    return tuple(Hotword(term=term, found=found[term], leaked=leaked[term]) for term in terms)


def flag_leaks(transcript: Transcript, context: str) -> Transcript:
    """The transcript with the context it was made with, and a flag at each segment that hot words leaked into."""
    told = replace(transcript, context=context)
    terms = split_terms(context)
    leaks = _leaks(transcript, terms, _ruler(transcript)) if terms else []
    if not leaks:
        return told
    found = (
        Flag(start=transcript.segments[place].start, end=transcript.segments[place].end, kind="leak", sentence=sentence)
        for place, sentence in leaks
    )
    others = (flag for flag in transcript.flags if flag.kind != "leak")
    flags = sorted([*others, *found], key=lambda flag: (flag.start, flag.end))
    heard = (Span(one.start, one.end) for one in transcript.coverage if one.kind != "silence")
    coverage = cover(transcript.duration_seconds, heard, flags) if transcript.coverage else ()
    return replace(told, flags=tuple(flags), coverage=coverage)


def _leaks(transcript: Transcript, terms: Sequence[str], ruler: Ruler) -> list[tuple[int, str]]:
    """Places of the segments with terms that nobody said, and why."""
    listed = [tuple(split(ruler.apply(term), "mixed")) for term in terms]
    unspoken = [Span(one.start, one.end) for one in transcript.coverage if one.kind == "silence"]
    unspoken += [Span(one.start, one.end) for one in transcript.flags if one.kind in _UNSPOKEN]
    found: list[tuple[int, str]] = []
    for place, segment in enumerate(transcript.segments):
        units = split(ruler.apply(segment.text), "mixed")
        if _row_of_terms(units, listed) >= FEWEST_IN_A_ROW:
            found.append((place, "The hot words are written here one after the other, as they were given."))
        elif _mostly_in(segment, unspoken) and any(_count([segment.text], terms, ruler).values()):
            found.append((place, "Hot words are written here, where nobody seems to speak."))
    return found


def _row_of_terms(units: Sequence[str], listed: Sequence[tuple[str, ...]]) -> int:
    """How many terms of the list, one after the other in its order, follow each other without anything between."""
    best = 0
    for start in range(len(units)):
        for first in range(len(listed)):
            place, count = start, 0
            for term in listed[first:]:
                if not term or tuple(units[place : place + len(term)]) != term:
                    break
                place, count = place + len(term), count + 1
            best = max(best, count)
    return best


def _mostly_in(segment: Segment, spans: Sequence[Span]) -> bool:
    inside = sum(max(0.0, min(segment.end, one.end) - max(segment.start, one.start)) for one in spans)
    return inside > (segment.end - segment.start) / 2


def _count(texts: Sequence[str], terms: Sequence[str], ruler: Ruler) -> dict[str, int]:
    counted = count_terms([("", text, text) for text in texts], terms, ruler)
    by_units = {ruler.apply(term): counts.found for term, counts in counted.items()}
    return {term: by_units.get(ruler.apply(term), 0) for term in terms}


def _ruler(transcript: Transcript) -> Ruler:
    return find_ruler(default_ruler(transcript.language or ""), files=False)
