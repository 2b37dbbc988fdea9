"""The words of a segment: where they stand in its text, and what becomes of their times when the text is changed."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.engines.base import Segment, Word
from workbench.scoring.alignment import align_units
from workbench.text.scripts import ATTACHED, UNSPACED

_WORD = re.compile(
    f"[^\\w\\s]*(?:[{UNSPACED}][{ATTACHED}]*|[^\\W{UNSPACED}](?:[^\\s{UNSPACED}]*[^\\W{UNSPACED}])?)[^\\w\\s]*|[^\\w\\s]+"
)
"""One Han character or kana, or a run of anything else, with the marks beside it."""


def split_words(text: str) -> list[str]:
    """The words of a text as `Segment.words` has them; together they are the text without its white space."""
    return _WORD.findall(text)


def word_places(segment: Segment) -> list[int]:
    """Where each word begins in the segment's text; empty where the words are not those of the text."""
    places = leading_places(segment)
    end = places[-1] + len(segment.words[-1].text) if places else 0
    return [] if segment.text[end:].strip() else places


def leading_places(segment: Segment) -> list[int]:
    """As `word_places`, but the text may go on after the last word."""
    places: list[int] = []
    after = 0
    for word in segment.words:
        place = segment.text.find(word.text, after)
        if place < 0 or segment.text[after:place].strip():
            return []
        places.append(place)
        after = place + len(word.text)
    return places


def retext(segments: Sequence[Segment], texts: Sequence[str], *, keep_confidence: bool = False) -> list[Segment]:
    """Segments with other texts; the words keep what is known of their times.

    A word that is still there, whatever its case and punctuation, keeps its times. Words in the place of others share
    the time of those; a word put in has no length, where it was put in. A segment without words stays without.

    Args:
        segments: With the words of their texts.
        texts: The new text of each.
        keep_confidence: Whether a word in the place of one other keeps that one's confidence: yes for another way to
            write the same word, no for what a person wrote there.
    """
    changed = [place for place, one in enumerate(segments) if one.text != texts[place]]
    timed = [place for place in changed if segments[place].words]
    new = {place: split_words(texts[place]) for place in timed}
    aligned = align_units(
        [[_key(word.text) for word in segments[place].words] for place in timed],
        [[_key(word) for word in new[place]] for place in timed],
    )
    words = {
        place: tuple(_timed(segments[place], new[place], [edit.op for edit in edits], keep_confidence))
        for place, edits in zip(timed, aligned, strict=True)
    }
    found = list(segments)
    for place in changed:
        found[place] = replace(segments[place], text=texts[place], words=words.get(place, ()))
    return found


def cut_segment(segment: Segment, start: float, end: float) -> Segment | None:
    """The part of a segment between two moments, by the middles of its words; None where nothing of it is there.

    A segment without times of words is whole or not at all, by its own middle.
    """
    places = word_places(segment)
    if not places:
        return segment if start <= (segment.start + segment.end) / 2 < end else None
    inside = [index for index, word in enumerate(segment.words) if start <= (word.start + word.end) / 2 < end]
    if len(inside) == len(places):
        return segment
    if not inside:
        return None
    first, last = inside[0], inside[-1]
    words = segment.words[first : last + 1]
    stop = places[last + 1] if last + 1 < len(places) else len(segment.text)
    text = segment.text[places[first] : stop].strip()
    return replace(segment, start=words[0].start, end=max(words[-1].end, words[0].start), text=text, words=words)


def bound_segment(segment: Segment, start: float, end: float) -> Segment:
    """A segment with no time before one moment or after another."""

    def held(moment: float) -> float:
        return min(max(moment, start), end)

    words = tuple(replace(word, start=held(word.start), end=held(word.end)) for word in segment.words)
    return replace(segment, start=held(segment.start), end=held(segment.end), words=words)


def _key(word: str) -> str:
    plain = unicodedata.normalize("NFKC", word).casefold()
    return re.sub(r"\W+", "", plain) or plain


def _timed(segment: Segment, new: Sequence[str], steps: Sequence[str], keep_confidence: bool) -> Iterator[Word]:
    """The new words in order; those between two that stayed are timed together."""
    old_place = new_place = 0
    old_from = new_from = 0
    for step in [*steps, "hit"]:
        if step == "hit":
            moment = segment.words[old_from - 1].end if old_from else segment.start
            yield from _in_place_of(segment.words[old_from:old_place], new[new_from:new_place], moment, keep_confidence)
            if old_place < len(segment.words) and new_place < len(new):
                yield replace(segment.words[old_place], text=new[new_place])
            old_from, new_from = old_place + 1, new_place + 1
        old_place += step != "insertion"
        new_place += step != "deletion"


def _in_place_of(gone: Sequence[Word], come: Sequence[str], moment: float, keep_confidence: bool) -> Iterator[Word]:
    """Words that stand where others stood, or at a moment where none did."""
    if len(gone) == len(come):
        for old, text in zip(gone, come, strict=True):
            yield replace(old, text=text, confidence=old.confidence if keep_confidence else None)
        return
    start, end = (gone[0].start, max(gone[-1].end, gone[0].start)) if gone else (moment, moment)
    total = sum(map(len, come))
    before = 0
    for text in come:
        first = start + (end - start) * before / total
        before += len(text)
        yield Word(start=first, end=start + (end - start) * before / total, text=text)
