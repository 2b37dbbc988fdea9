"""Words an engine was not sure of, where that helps to find its errors."""

from __future__ import annotations

from dataclasses import dataclass

from workbench.engines.base import Word
from workbench.pipeline.transcript import Transcript

UNSURE_BELOW = 0.5
"""Of the words that Whisper base (`builtin`) writes with less, 1 in 3 is wrong in English (8 of 23 in 24 clips; 4 of 12
in 16 telephone prompts that were not looked at when it was chosen), of Mandarin characters 2 in 3 (20 of 30, 8 clips);
of all, 4 %, 3 % and 16 % are. They are 3 to 6 % of the text and hold a quarter to two fifths of the errors (8 of 19, 4
of 15, 20 of 80). Below 0.8 stand three fifths to three quarters of the errors, but more right words than wrong ones,
too many to be read past. How it was measured: docs/measuring.md."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UnsureWord:
    """A word to look at.

    Attributes:
        segment: Place of its segment in the transcript, from 0.
        place: Its own place in the segment's words, from 0.
        word: The word.
    """

    segment: int
    place: int
    word: Word


def unsure_words(transcript: Transcript, below: float = UNSURE_BELOW) -> tuple[UnsureWord, ...]:
    """The words with less confidence than a threshold, in order; none where the engine has no confidence of words.

    A word that a person wrote has none either. Marks are hints: most errors are not among them (`UNSURE_BELOW`), and a
    word that the engine left out cannot be.

    Args:
        transcript: As readers get it.
        below: 0 … 1.
    """
    return tuple(
        UnsureWord(segment=number, place=place, word=word)
        for number, segment in enumerate(transcript.segments)
        for place, word in enumerate(segment.words)
        if word.confidence is not None and word.confidence < below
    )
