"""Two stretches that share some sound, fitted together: what was heard twice is written once."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from math import inf

from workbench.audio.segment import Span
from workbench.engines.base import Segment
from workbench.text.scripts import ATTACHED, UNSPACED

_TOKEN = re.compile(f"[{UNSPACED}][{ATTACHED}]*|[^\\W{UNSPACED}]+(?:['’.-][^\\W{UNSPACED}]+)*")
_TOKENS_A_SECOND = 12
"""More than anyone says; how far from the seam words are looked for."""
_MATCH, _MISMATCH, _GAP = 3, -1, -1


@dataclass(frozen=True, slots=True, kw_only=True)
class Fitted:
    """Both sides of a seam without what they share.

    Attributes:
        left: The segments before.
        right: Those after.
        certain: Whether the words that both have were found, or the times of words told where to cut; else both sides
            are whole, and words may be doubled.
    """

    left: tuple[Segment, ...]
    right: tuple[Segment, ...]
    certain: bool


@dataclass(frozen=True, slots=True)
class _Token:
    """A word or Han character: which segment it stands in, from which character to which, and how it is compared."""

    segment: int
    first: int
    end: int
    key: str


def fit(left: Sequence[Segment], right: Sequence[Segment], shared: Span) -> Fitted:
    """Cut both sides in the middle of the words that both have.

    The first and the last of the words heard twice may be torn by the ends of the sound, those in the middle are not:
    both sides are aligned word by word, and the cut is at the match nearest to the middle. Where no words match, times
    of words decide, if both sides have them.

    Args:
        left: The earlier stretch, in times of the recording.
        right: The later one.
        shared: The sound that both heard.
    """
    reach = int(_TOKENS_A_SECOND * shared.duration) + 2
    before, after = _tokens(left)[-reach:], _tokens(right)[:reach]
    if not before or not after:
        return Fitted(left=tuple(left), right=tuple(right), certain=True)
    middle = (shared.start + shared.end) / 2
    matches = _matches([one.key for one in before], [one.key for one in after])
    if matches:
        # Words beyond the last and before the first match are doubtful on that side; halfway is safe on both.
        place, other = matches[len(matches) // 2]
        return _cut(left, right, before[place], after[other], middle)
    if all(segment.words for segment in (*left, *right)):
        heads = (_parted(segment, middle)[0] for segment in left)
        tails = (_parted(segment, middle)[1] for segment in right)
        return Fitted(
            left=tuple(one for one in heads if one.text), right=tuple(one for one in tails if one.text), certain=True
        )
    return Fitted(left=tuple(left), right=tuple(right), certain=False)


def _tokens(segments: Sequence[Segment]) -> list[_Token]:
    return [
        _Token(number, found.start(), found.end(), _key(found[0]))
        for number, segment in enumerate(segments)
        for found in _TOKEN.finditer(segment.text)
    ]


def _key(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold().replace("’", "'")


def _matches(before: Sequence[str], after: Sequence[str]) -> list[tuple[int, int]]:
    """Pairs of equal tokens in the best alignment of an end of `before` with a beginning of `after`.

    Any number of tokens before it on the left and after it on the right is free; none where no alignment is worth
    more than nothing.
    """
    rows, columns = len(before), len(after)
    score = [[0] * (columns + 1) for _ in range(rows + 1)]
    for row in range(rows + 1):
        for column in range(1, columns + 1):
            best = score[row][column - 1] + _GAP
            if row:
                step = _MATCH if before[row - 1] == after[column - 1] else _MISMATCH
                best = max(best, score[row - 1][column - 1] + step, score[row - 1][column] + _GAP)
            score[row][column] = best
    column = max(range(columns + 1), key=lambda one: score[rows][one])
    if score[rows][column] <= 0:
        return []
    return _traced(score, before, after, rows, column)


def _traced(
    score: Sequence[Sequence[int]], before: Sequence[str], after: Sequence[str], row: int, column: int
) -> list[tuple[int, int]]:
    pairs: list[tuple[int, int]] = []
    while column:
        equal = row > 0 and before[row - 1] == after[column - 1]
        if row and score[row][column] == score[row - 1][column - 1] + (_MATCH if equal else _MISMATCH):
            row, column = row - 1, column - 1
            if equal:
                pairs.append((row, column))
        elif row and score[row][column] == score[row - 1][column] + _GAP:
            row -= 1
        else:
            column -= 1
    return pairs[::-1]


def _cut(left: Sequence[Segment], right: Sequence[Segment], last: _Token, same: _Token, middle: float) -> Fitted:
    """The left side up to and with `last`, the right side after `same`; marks after it are taken from the right."""
    told = right[same.segment].text
    following = _TOKEN.search(told, same.end)
    rest = following.start() if following else len(told)
    # An opening quote belongs to what follows it.
    marks = re.match(r"[^\s\w“‘「『《〈(（\[【]*", told[same.end : rest])
    assert marks is not None
    ends = left[last.segment]
    head = _part(ends, 0, last.end, before=middle)
    head = replace(head, text=head.text + marks[0])
    tail = _part(right[same.segment], same.end + marks.end(), len(told), after=middle)
    return Fitted(
        left=(*left[: last.segment], head),
        right=tuple(one for one in (tail, *right[same.segment + 1 :]) if one.text),
        certain=True,
    )


def _part(segment: Segment, first: int, end: int, *, after: float = 0.0, before: float = inf) -> Segment:
    """A part of a segment's text, with its words; times are theirs, or else bounded by the seam."""
    places = zip(segment.words, _places(segment), strict=True)
    words = tuple(word for word, place in places if first <= place < end)
    start = words[0].start if words else min(max(segment.start, after), segment.end)
    stop = words[-1].end if words else max(min(segment.end, before), segment.start)
    return replace(segment, start=start, end=stop, text=segment.text[first:end].strip(), words=words)


def _places(segment: Segment) -> list[int]:
    """Where in its text each word of a segment begins."""
    places: list[int] = []
    place = 0
    for word in segment.words:
        found = segment.text.find(word.text, place)
        places.append(found if found >= 0 else place)
        place = places[-1] + len(word.text)
    return places


def _parted(segment: Segment, moment: float) -> tuple[Segment, Segment]:
    """The words before a moment, and those after it."""
    places = [*_places(segment), len(segment.text)]
    count = sum((word.start + word.end) / 2 < moment for word in segment.words)
    end = len(segment.text)
    return _part(segment, 0, places[count]), _part(segment, places[count], end)
