"""A transcript as subtitles: cues short enough to read, in two lines at most, one after the other.

Limits after Netflix's Timed Text Style Guides ("General Requirements": 5/6 s to 7 s a cue, two lines, two frames
between cues, up to 12 frames after the speech for reading; "English": 42 characters a line; "English Template": 17
characters a second). A full-width character counts as two: 20 a line, where the guide for Simplified Chinese has 16,
and 8.5 a second.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from workbench.engines.base import Segment
from workbench.pipeline.transcript import join_texts
from workbench.pipeline.words import split_words, word_places

MOST_COLUMNS = 42
MOST_COLUMNS_WIDE = 40
"""Of a line with a full-width character in it."""
MOST_LINES = 2
SHORTEST_SECONDS = 5 / 6
LONGEST_SECONDS = 7.0
GAP_SECONDS = 0.08
"""Two frames of 25 a second."""
COLUMNS_A_SECOND = 17.0
READING_SECONDS = 0.48
"""The most that a cue stays after its speech to be read: 12 frames of 25 a second."""

_LEAST_SECONDS = 0.3
"""Of a cue that the next one follows at once, so that a row of short ones does not fall ever further behind."""
_SENTENCE_END = re.compile(r"[.?!…。？！][^\w\s]*$")
_CLAUSE_END = re.compile(r"[,;:，、；：—–-][^\w\s]*$")
_PAUSE_SECONDS = 0.3


@dataclass(frozen=True, slots=True, kw_only=True)
class Cue:
    """What is shown together.

    Attributes:
        start: Seconds.
        end: The same; before the next cue's start.
        lines: One or two, without white space around them.
        segment: The segment it comes from, whose speaker is its own.
    """

    start: float
    end: float
    lines: tuple[str, ...]
    segment: Segment


@dataclass(frozen=True, slots=True, kw_only=True)
class _Unit:
    """A word or Han character, with the white space before it."""

    start: float
    end: float
    text: str


def make_cues(segments: Sequence[Segment], prefixes: Sequence[str] = ()) -> list[Cue]:
    """Cut segments into cues, by the times of their words; without those, time is shared out by length.

    A word wider than a line is left whole. Where two speak at once, the later one waits for 5/6 s.

    Args:
        segments: In order, with times of the recording.
        prefixes: What is shown before each segment's text, as a speaker's name; takes room in its first line.
    """
    cues: list[Cue] = []
    for index, segment in enumerate(segments):
        prefix = prefixes[index] if prefixes else ""
        for units in _divided(_units(segment, prefix)):
            lines = _lines(units)
            if lines:
                cues.append(Cue(start=units[0].start, end=units[-1].end, lines=lines, segment=segment))
    return _in_turn(cues)


def columns(text: str) -> int:
    """How wide a text is; a full-width character is two."""
    return sum(
        0 if unicodedata.combining(character) else 2 if unicodedata.east_asian_width(character) in "WF" else 1
        for character in text
    )


def _units(segment: Segment, prefix: str) -> list[_Unit]:
    """The segment's words with their times, each with the white space before it made one space."""
    text = " ".join(join_texts(segment.text.splitlines()).split())
    flat = replace(segment, text=text)
    places = word_places(flat)
    if places:
        words = [(word.text, word.start, word.end) for word in segment.words]
    else:
        words, places = _shared_out(text, segment)
    units: list[_Unit] = []
    for (word, start, end), place in zip(words, places, strict=True):
        space = " " if place and text[place - 1] == " " else ""
        units.append(_Unit(start=start, end=max(start, end), text=space + word))
    if prefix and units:
        units[0] = replace(units[0], text=f"{prefix}{units[0].text.strip()}")
    return units


def _shared_out(text: str, segment: Segment) -> tuple[list[tuple[str, float, float]], list[int]]:
    """Words with their share of the segment's time, and where they stand in the text."""
    total = max(1, columns(text))
    words: list[tuple[str, float, float]] = []
    places: list[int] = []
    at = 0
    for word in split_words(text):
        at = text.index(word, at)
        first = columns(text[:at])
        at += len(word)
        start, end = (
            segment.start + (segment.end - segment.start) * done / total for done in (first, first + columns(word))
        )
        words.append((word, start, end))
        places.append(at - len(word))
    return words, places


def _divided(units: list[_Unit]) -> Iterator[list[_Unit]]:
    """Halves of halves, until each fits a cue."""
    if not units:
        return
    if len(units) == 1 or _fits(units):
        yield units
        return
    place = max(range(1, len(units)), key=lambda place: _merit(units, place))
    yield from _divided(units[:place])
    yield from _divided(units[place:])


def _fits(units: Sequence[_Unit]) -> bool:
    lines = _lines(units)
    short = len(lines) <= MOST_LINES and all(columns(line) <= _limit(line) for line in lines)
    return short and units[-1].end - units[0].start <= LONGEST_SECONDS


def _merit(units: Sequence[_Unit], place: int) -> float:
    """How good a cut before `place` is: after sentences, clauses and at pauses, and near the middle."""
    before = columns(_joined(units[:place]))
    whole = columns(_joined(units))
    merit = -2 * abs(before / whole - 0.5) if whole else 0.0
    text = units[place - 1].text
    merit += 0.8 if _SENTENCE_END.search(text) else 0.4 if _CLAUSE_END.search(text) else 0.0
    return merit + (0.4 if units[place].start - units[place - 1].end >= _PAUSE_SECONDS else 0.0)


def _lines(units: Sequence[_Unit]) -> tuple[str, ...]:
    """One line where it fits, else two as alike as can be, after punctuation where that is near."""
    whole = _joined(units)
    if columns(whole) <= _limit(whole) or len(units) == 1:
        return (whole,) if whole else ()
    cuts = [(_joined(units[:place]), _joined(units[place:]), units[place - 1].text) for place in range(1, len(units))]

    def cost(cut: tuple[str, str, str]) -> float:
        first, second, last = cut
        over = sum(max(0, columns(line) - _limit(line)) for line in (first, second))
        ends = 6 if _SENTENCE_END.search(last) or _CLAUSE_END.search(last) else 0
        return 100 * over + abs(columns(first) - columns(second)) - ends

    first, second, _ = min(cuts, key=cost)
    return first, second


def _joined(units: Sequence[_Unit]) -> str:
    return "".join(unit.text for unit in units).strip()


def _limit(line: str) -> int:
    return MOST_COLUMNS if columns(line) == len(line) else MOST_COLUMNS_WIDE


def _in_turn(cues: list[Cue]) -> list[Cue]:
    """Each as long as it takes to read, as far as the next one allows; none before the one before it has ended."""
    placed: list[Cue] = []
    earliest = 0.0
    for index, cue in enumerate(cues):
        start = max(cue.start, earliest)
        reading = min(sum(map(columns, cue.lines)) / COLUMNS_A_SECOND, cue.end - start + READING_SECONDS)
        end = max(cue.end, start + SHORTEST_SECONDS, start + reading)
        if index + 1 < len(cues):
            following = cues[index + 1].start
            least = SHORTEST_SECONDS if following < cue.end else _LEAST_SECONDS
            end = min(end, max(following - GAP_SECONDS, start + least))
        placed.append(replace(cue, start=start, end=end))
        earliest = end + GAP_SECONDS
    return placed
