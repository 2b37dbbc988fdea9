"""Times of an aligner's bare words put back on the text they came from, punctuation and all."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

from workbench.engines.base import Segment, Word

_LEFT_END = re.compile(r"[\s“‘¿¡(\[{「『（《〈【«]")
"""In what stands between two words, where that of the first one ends."""
_SENTENCE_END = re.compile(r"[.?!…。？！][^\w\s]*$")
_PAUSE_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class BareWord:
    """A word as an aligner knows it.

    Attributes:
        start: Seconds.
        end: The same.
        text: Letters and digits alone.
    """

    start: float
    end: float
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedWord:
    """A word and where it stands in the text, the marks beside it included: `text[first:end]`."""

    word: Word
    first: int
    end: int


def place_words(text: str, bare: Sequence[BareWord], longest: float) -> list[PlacedWord]:
    """Find bare words in the text they were taken from, in order.

    Marks go to the word before them; what opens (quotes, brackets) and what stands after white space goes to the next.
    Together the words hold every character of the text but white space. A word that is not found, as a tokenizer may
    write one differently, is left out, and its characters go to a word beside it.

    Args:
        text: What was aligned.
        bare: Its words.
        longest: Seconds; no time is later.
    """
    spots: list[tuple[BareWord, int, int]] = []
    at = 0
    for one in bare:
        found = _pattern(one.text).search(text, at)
        if found is not None and one.text:
            at = found.end()
            spots.append((one, found.start(), at))
    edges = [0, *(_edge(text, left[2], right[1]) for left, right in pairwise(spots)), len(text)]
    placed: list[PlacedWord] = []
    latest = 0.0
    for (one, _, _), first, end in zip(spots, edges, edges[1:], strict=False):
        start = min(max(one.start, latest), longest)
        latest = start
        word = Word(start=start, end=min(max(one.end, start), longest), text=text[first:end].strip())
        placed.append(PlacedWord(word=word, first=first, end=end))
    return placed


def segments_of(text: str, placed: Sequence[PlacedWord]) -> tuple[Segment, ...]:
    """The text as segments with words: one a sentence, cut too where nobody speaks for a second.

    Args:
        text: The whole text.
        placed: All its words.
    """
    segments: list[Segment] = []
    begun = 0
    for index, one in enumerate(placed):
        following = placed[index + 1] if index + 1 < len(placed) else None
        ends = following is None or _SENTENCE_END.search(one.word.text) is not None
        if ends or (following is not None and following.word.start - one.word.end >= _PAUSE_SECONDS):
            own = placed[begun : index + 1]
            segments.append(
                Segment(
                    start=own[0].word.start,
                    end=own[-1].word.end,
                    text=text[own[0].first : own[-1].end].strip(),
                    words=tuple(each.word for each in own),
                )
            )
            begun = index + 1
    return tuple(segments)


def _pattern(word: str) -> re.Pattern[str]:
    """The word's letters with the marks that may stand between them, as in `don’t` for `dont`."""
    return re.compile(r"(?:[^\w\s]|_)*".join(map(re.escape, word)))


def _edge(text: str, left: int, right: int) -> int:
    """Where the one word's part of the text ends and the next one's begins."""
    found = _LEFT_END.search(text, left, right)
    return found.start() if found else right
