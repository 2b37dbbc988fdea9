"""Text and times of words from a model that says a token for frames of sound: CTC and transducers."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby

from workbench.engines.aligned_text import PlacedWord, segments_of
from workbench.engines.base import Segment, Word
from workbench.text.units import split

_LETTER = re.compile(r"\w")


@dataclass(frozen=True, slots=True, kw_only=True)
class TimedToken:
    """A token, where it was heard in seconds, and how probable it was (None where that is not known)."""

    token: int
    start: float
    end: float
    probability: float | None = None


def collapse(frames: Sequence[int], probabilities: Sequence[float], *, blank: int, seconds: float) -> list[TimedToken]:
    """What a CTC model wrote: runs of equal tokens are one, blanks none (Graves et al. 2006, section 3.1).

    Args:
        frames: The best token of each frame.
        probabilities: Its probability.
        blank: The token that means nothing.
        seconds: How long a frame lasts.
    """
    found: list[TimedToken] = []
    for token, run in groupby(range(len(frames)), key=lambda index: frames[index]):
        places = list(run)
        if token != blank:
            found.append(
                TimedToken(
                    token=token,
                    start=places[0] * seconds,
                    end=(places[-1] + 1) * seconds,
                    probability=max(probabilities[place] for place in places),
                )
            )
    return found


def timed_segments(
    text: str, tokens: Sequence[TimedToken], decode: Callable[[list[int]], str], longest: float
) -> tuple[Segment, ...]:
    """The text in sentences, with times of words and, in Chinese and Japanese, of characters.

    A character belongs to the token with which the decoded text first agrees with the whole that far: this needs
    nothing of the tokenizer, and a character of several bytes belongs to the token of its last one.

    Args:
        text: What all tokens decode to.
        tokens: In order.
        decode: Text of the first tokens.
        longest: Seconds; no time is later.
    """
    owner: list[TimedToken] = []
    ids = [one.token for one in tokens]
    for count, one in enumerate(tokens, start=1):
        owner += [one] * (_agreeing(decode(ids[:count]), text) - len(owner))
    owner += [tokens[-1]] * (len(text) - len(owner)) if tokens else []
    return segments_of(text, [_placed(text, owner, first, end, longest) for first, end in _word_places(text)])


def _agreeing(begun: str, text: str) -> int:
    """How many characters two texts share from the start."""
    pairs = zip(begun, text, strict=False)
    return next((place for place, (one, other) in enumerate(pairs) if one != other), min(len(begun), len(text)))


def _word_places(text: str) -> list[tuple[int, int]]:
    """Where each word begins and ends; a mark that stands alone goes to the word before it."""
    places: list[tuple[int, int]] = []
    at = 0
    for unit in split(text, "mixed"):
        first = text.index(unit, at)
        at = first + len(unit)
        if places and not _LETTER.search(unit):
            places[-1] = (places[-1][0], at)
        else:
            places.append((first, at))
    return places


def _placed(text: str, owner: Sequence[TimedToken], first: int, end: int, longest: float) -> PlacedWord:
    start, stop = min(owner[first].start, longest), min(owner[end - 1].end, longest)
    return PlacedWord(word=Word(start=start, end=stop, text=text[first:end]), first=first, end=end)
