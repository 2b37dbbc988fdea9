"""Times of words as faster-whisper has them, a Han character at a time."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from typing import Any

from workbench.engines.base import Word
from workbench.text.scripts import ATTACHED, HAN

_OPENING = "“‘\"'¿([{-「『（《〈【"
_UNITS = re.compile(
    f"[{re.escape(_OPENING)}]*(?:[{HAN}][{ATTACHED}]*|[^\\W{HAN}](?:[^{HAN}\\s]*[^\\W{HAN}])?)[^\\w\\s{re.escape(_OPENING)}]*|\\S+"
)
"""One Han character, or a run of anything else, with the marks that belong to it."""


def timed_words(parts: Iterable[Any]) -> tuple[Word, ...]:
    """faster-whisper's words with its cross-attention times; a word of several Han characters shares its time out.

    A word's probability, the mean of its tokens', is the confidence of each of its characters.

    Args:
        parts: `faster_whisper.transcribe.Word`, in order.
    """
    return tuple(word for part in parts for word in _divided(part))


def _divided(part: Any) -> Iterator[Word]:
    units: list[str] = _UNITS.findall(part.word)
    total = sum(map(len, units))
    first, length = float(part.start), float(part.end - part.start)  # numpy's own, otherwise
    before = 0
    for unit in units:
        start = first + length * before / total
        before += len(unit)
        end = first + length * before / total
        yield Word(start=start, end=end, text=unit, confidence=min(1.0, float(part.probability)))
