"""A transcript as paragraphs: what one person says until a long pause."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from workbench.engines.base import Segment
from workbench.pipeline.transcript import Transcript, join_texts
from workbench.pipeline.words import word_places

PAUSE_SECONDS = 1.5
"""A pause so long begins a paragraph. Silent pauses of speech fall into brief (to 0.2 s), medium (to 1 s) and long ones
(Campione and Véronis, "A large-scale multilingual study of silent pause duration", Speech Prosody 2002); half a second
more, since engines' times are off by that."""

LONG_SECONDS = 60.0
"""A paragraph that has lasted so long ends with its next sentence: 150 words at 150 a minute, the most that the Federal
Plain Language Guidelines (2011, "Write short paragraphs") recommend."""

LONGEST_SECONDS = 100.0
"""And with its next segment here, whether a sentence ends or not: 250 words, which they say to stay below always."""

_SENTENCE_END = re.compile(r"[.?!…。？！][^\w\s]*\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Paragraph:
    """Segments that are read together.

    Attributes:
        first: Which of the transcript's segments begins it, from 0; where a segment was cut at a pause, parts of it
            belong to several paragraphs.
        segments: At least one, in order; together those of all paragraphs are the transcript's.
        speaker: The name of who says it, as a reader is shown it; empty where that is not known.
    """

    first: int
    segments: tuple[Segment, ...]
    speaker: str

    @property
    def start(self) -> float:
        """Seconds into the recording."""
        return self.segments[0].start

    @property
    def end(self) -> float:
        """The same."""
        return self.segments[-1].end

    @property
    def text(self) -> str:
        """On one line, without the speaker."""
        return " ".join(join_texts(one.text for one in self.segments).split())


def paragraphs(transcript: Transcript, *, pause_seconds: float = PAUSE_SECONDS) -> list[Paragraph]:
    """The transcript in paragraphs, in order; segments without text are left out.

    One begins where the speaker changes, after a pause, and where the one before is long: after 60 s with the next
    sentence, after 100 s in any case. A segment with times of its words is cut at pauses within it; one without is left
    whole.

    Args:
        transcript: Any.
        pause_seconds: How long a pause has to be, from the end of a segment (or word) to the start of the next.
    """
    found: list[Paragraph] = []
    for place, segment in enumerate(transcript.segments):
        speaker = transcript.speaker_of(segment)
        for part in _parts(segment, pause_seconds):
            if not part.text.strip():
                continue
            last = found[-1] if found else None
            if last is None or last.speaker != speaker or _ends(last, part, pause_seconds):
                found.append(Paragraph(first=place, segments=(part,), speaker=speaker))
            else:
                found[-1] = Paragraph(first=last.first, segments=(*last.segments, part), speaker=speaker)
    return found


def _ends(last: Paragraph, following: Segment, pause_seconds: float) -> bool:
    if _begin(following) - _stop(last.segments[-1]) >= pause_seconds:
        return True
    if following.end - last.start > LONGEST_SECONDS:
        return True
    return last.end - last.start >= LONG_SECONDS and bool(_SENTENCE_END.search(last.segments[-1].text))


def _begin(segment: Segment) -> float:
    """When its first word is said; segments themselves may begin in the pause before it."""
    return max(segment.start, segment.words[0].start) if segment.words else segment.start


def _stop(segment: Segment) -> float:
    return min(segment.end, segment.words[-1].end) if segment.words else segment.end


def _parts(segment: Segment, pause_seconds: float) -> Iterator[Segment]:
    """The segment cut at its long pauses and, where it is long, at the ends of its sentences."""
    places = word_places(segment)
    first = 0
    for index in range(1, len(places)):
        before, word = segment.words[index - 1], segment.words[index]
        is_long = before.end - segment.words[first].start >= LONG_SECONDS
        pauses = word.start - before.end >= pause_seconds
        if pauses or (is_long and _SENTENCE_END.search(before.text)):
            yield _part(segment, places, first, index)
            first = index
    yield segment if not first else _part(segment, places, first, len(places))


def _part(segment: Segment, places: Sequence[int], first: int, end: int) -> Segment:
    """The words from `first` to before `end`, with the text between them."""
    last = end == len(places)
    text = segment.text[places[first] if first else 0 : None if last else places[end]]
    return Segment(
        start=segment.words[first].start if first else segment.start,
        end=segment.end if last else segment.words[end - 1].end,
        text=text.strip(),
        words=segment.words[first:end],
        speaker=segment.speaker,
    )
