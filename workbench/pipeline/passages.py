"""The segments of a transcript while it is edited, each with a number of its own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from workbench.engines.base import Segment
from workbench.errors import UsageError
from workbench.pipeline.anchors import follow
from workbench.pipeline.transcript import Transcript, join_texts
from workbench.pipeline.words import bound_segment, retext, word_places
from workbench.text.corrections import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class Passage:
    """One segment.

    Attributes:
        id: Its number; see `edits`.
        heard: As the engine wrote it, with its words; of one that was split or merged, the part or both.
        text: As it was edited, without white space around it.
        speaker: Label of who said it.
        refused: Changes that were refused, with their place in `text`.
    """

    id: int
    heard: Segment
    text: str
    speaker: str
    refused: tuple[Change, ...] = ()

    @property
    def start(self) -> float:
        return self.heard.start

    @property
    def end(self) -> float:
        return self.heard.end

    @property
    def middle(self) -> float:
        """When half of it is over, in seconds."""
        return (self.start + self.end) / 2

    @property
    def is_edited(self) -> bool:
        """Whether a person changed its text."""
        return self.text != self.heard.text.strip()

    def refuses(self, change: Change) -> bool:
        """Whether this change of its text was refused."""
        return any(_same(change, one) for one in self.refused)


def new_passages(segments: Iterable[Segment], first: int) -> tuple[Passage, ...]:
    """Segments with numbers from `first` on."""
    return tuple(
        Passage(id=number, heard=one, text=one.text.strip(), speaker=one.speaker)
        for number, one in enumerate(segments, start=first)
    )


def timed_segments(passages: Sequence[Passage]) -> list[Segment]:
    """The passages as they were edited, the words that are still there with their times."""
    texts = [one.text if one.is_edited else one.heard.text for one in passages]
    segments = retext([one.heard for one in passages], texts)
    return [replace(one, speaker=passage.speaker) for one, passage in zip(segments, passages, strict=True)]


def whole_text(raw: Transcript, passages: Sequence[Passage], segments: Sequence[Segment]) -> str:
    """The whole text; between segments that followed each other from the first stands what the engine put there."""
    if [one.text for one in segments] == [one.text for one in raw.segments]:
        return raw.text
    gaps = _gaps(raw)
    text = ""
    last: int | None = None
    for passage, segment in zip(passages, segments, strict=True):
        piece = segment.text.strip()
        if not piece:
            continue
        if text:
            known = last is not None and passage.id == last + 1 < len(gaps)
            text += gaps[passage.id] if known else join_texts((text[-1], piece[0]))[1:-1]
        text += piece
        last = passage.id
    return text


def _gaps(raw: Transcript) -> list[str]:
    """What stands before each segment in the text; nothing where the text is not that of the segments."""
    gaps: list[str] = []
    after = 0
    for segment in raw.segments:
        piece = segment.text.strip()
        place = raw.text.find(piece, after)
        if place < 0 or raw.text[after:place].strip():
            return []
        gaps.append(raw.text[after:place])
        after = place + len(piece)
    return [] if raw.text[after:].strip() else gaps


def with_text(passage: Passage, text: str) -> Passage:
    """With another text; refusals stay with their characters."""
    text = text.strip()
    places = follow(passage.text, text, [(one.start, one.end) for one in passage.refused])
    refused = (
        replace(one, start=place[0], end=place[1])
        for one, place in zip(passage.refused, places, strict=True)
        if place is not None
    )
    return replace(passage, text=text, refused=tuple(refused))


def with_refusal(passage: Passage, change: Change, *, refused: bool) -> Passage:
    """With a change refused, or refused no longer.

    Raises:
        UsageError: The change is not of this text.
    """
    if passage.text[change.start : change.end] != change.before:
        raise UsageError("That change was proposed for another text.", hint="Look at the changes again.")
    others = tuple(one for one in passage.refused if not _same(change, one))
    return replace(passage, refused=(*others, change) if refused else others)


def split_passage(passage: Passage, at: int, seconds: float | None, first: int) -> tuple[Passage, Passage]:
    """Two passages with the numbers `first` and the next.

    Raises:
        UsageError: Nothing is left on one side, or the moment lies outside.
    """
    left, right = passage.text[:at].rstrip(), passage.text[at:].lstrip()
    if not 0 < at < len(passage.text) or not left or not right:
        raise UsageError("A segment is cut between two of its words.", hint="Choose a place inside the text.")
    halves = _halves(passage, at, seconds, (left, right))
    behind = len(passage.text) - len(right)
    refused = (
        tuple(one for one in passage.refused if one.end <= len(left)),
        tuple(_moved(one, -behind) for one in passage.refused if one.start >= behind),
    )
    one, other = new_passages(halves, first)
    return replace(one, refused=refused[0]), replace(other, refused=refused[1])


def _halves(passage: Passage, at: int, seconds: float | None, texts: tuple[str, str]) -> list[Segment]:
    """Both sides with their words; where a word was cut, each side has a part of it."""
    (segment,) = timed_segments([passage])
    segment = replace(segment, text=passage.text)
    places = word_places(segment)
    count = sum(place < at for place in places)
    moment = seconds if seconds is not None else _moment(segment, count, bool(places), at / len(passage.text))
    if not segment.start <= moment <= segment.end:
        raise UsageError(
            f"{moment:g} s is not in this segment.", hint=f"It lasts from {segment.start:g} to {segment.end:g} s."
        )
    words = segment.words if places else ()
    bound = [*places, len(passage.text)][count] if places else at
    left = replace(segment, text=passage.text[:bound], words=words[:count])
    right = replace(segment, text=passage.text[bound:], words=words[count:])
    first, second = retext([left, right], texts)
    return [
        replace(bound_segment(first, segment.start, moment), end=moment),
        replace(bound_segment(second, moment, segment.end), start=moment),
    ]


def merge_passages(one: Passage, other: Passage, number: int) -> Passage:
    """Two neighbours as one."""
    first, second = timed_segments([one, other])
    text = join_texts((one.text, other.text))
    words = (*first.words, *second.words)
    whole = all(segment.words or not segment.text.strip() for segment in (first, second))
    heard = Segment(
        start=min(first.start, second.start),
        end=max(first.end, second.end),
        text=text,
        words=words if whole else (),
        speaker=one.speaker or other.speaker,
    )
    behind = len(text) - len(other.text)
    refused = (*one.refused, *(_moved(change, behind) for change in other.refused))
    return replace(new_passages([heard], number)[0], refused=refused)


def _moment(segment: Segment, count: int, has_words: bool, share: float) -> float:
    if has_words and 0 < count < len(segment.words):
        moment = (segment.words[count - 1].end + segment.words[count].start) / 2
        return min(max(moment, segment.start), segment.end)
    return segment.start + share * (segment.end - segment.start)


def _moved(change: Change, by: int) -> Change:
    return replace(change, start=change.start + by, end=change.end + by)


def _same(one: Change, other: Change) -> bool:
    return (one.start, one.end, one.after, one.rule) == (other.start, other.end, other.after, other.rule)
