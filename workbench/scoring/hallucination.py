"""Text that nobody said: loops, text on silence, more text than the audio has time for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

from workbench.text.scripts import has_han

LONGEST_PATTERN = 32
"""Units; a loop of a longer pattern is not looked for."""

FEWEST_REPEATS = 3
FEWEST_UNITS = 8
"""A loop is a pattern said three times and more, over eight units and more: 鹅鹅鹅 and "bye bye bye" are none."""

SECONDS_A_HAN = 0.1
SECONDS_A_WORD = 0.125
"""Faster than anyone speaks: the fastest references of the development recordings have 5.2 Han characters and 4.0
English words a second, half as many as these allow."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loop:
    """A pattern repeated without a break.

    Attributes:
        pattern: Its units; the shortest that repeats.
        repeats: How often it is there in full.
        start: Unit at which the first begins.
    """

    pattern: tuple[str, ...]
    repeats: int
    start: int

    @property
    def units(self) -> int:
        return len(self.pattern) * self.repeats


@dataclass(frozen=True, slots=True, kw_only=True)
class Hallucinations:
    """Signs of text that nobody said; adds.

    Attributes:
        clips: How many were looked at.
        loops: Clips whose text loops where the reference does not.
        looped_units: Units in those loops beyond the first time.
        empty_references: Clips in which nothing was said.
        empty_with_text: Of those, the ones with text.
        insertions_on_empty: Units in that text.
        timed: Clips whose duration is known.
        too_long: Of those, the ones with more text than can be said in their time.
    """

    clips: int = 0
    loops: int = 0
    looped_units: int = 0
    empty_references: int = 0
    empty_with_text: int = 0
    insertions_on_empty: int = 0
    timed: int = 0
    too_long: int = 0

    def __add__(self, other: Hallucinations) -> Hallucinations:
        return Hallucinations(**{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)})


def find_loop(units: Sequence[str]) -> Loop | None:
    """The loop over the most units, the one of the shorter pattern of two alike; None where there is none.

    Args:
        units: Mixed units of a text under a ruler.
    """
    best: Loop | None = None
    for size in range(1, min(LONGEST_PATTERN, len(units) // FEWEST_REPEATS) + 1):
        run = 0  # units in a row that equal the one a pattern's length before
        for place in range(size, len(units) + 1):
            if place < len(units) and units[place] == units[place - size]:
                run += 1
                continue
            repeats = run // size + 1
            if repeats >= FEWEST_REPEATS and repeats * size >= max(FEWEST_UNITS, best.units + 1 if best else 0):
                start = place - run - size
                best = Loop(pattern=tuple(units[start : start + size]), repeats=repeats, start=start)
            run = 0
    return best


def shortest_seconds(units: Sequence[str]) -> float:
    """Seconds below which nobody says these units."""
    return sum(SECONDS_A_HAN if has_han(unit) else SECONDS_A_WORD for unit in units)


def look_for_hallucinations(
    reference: Sequence[str], hypothesis: Sequence[str], duration: float | None = None
) -> Hallucinations:
    """One clip's signs.

    Args:
        reference: Mixed units of what was said, under a ruler; none for silence and noise.
        hypothesis: Mixed units of what was recognised, under the same ruler.
        duration: Seconds of audio; None where not known.
    """
    loop = find_loop(hypothesis)
    looped = loop is not None and find_loop(reference) is None
    return Hallucinations(
        clips=1,
        loops=int(looped),
        looped_units=loop.units - len(loop.pattern) if loop and looped else 0,
        empty_references=int(not reference),
        empty_with_text=int(not reference and bool(hypothesis)),
        insertions_on_empty=0 if reference else len(hypothesis),
        timed=int(duration is not None),
        too_long=int(duration is not None and shortest_seconds(hypothesis) > duration),
    )
