"""Recall of a list of terms (hotwords, names): found, missed, falsely inserted."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from workbench.errors import UsageError
from workbench.scoring.score import Pair
from workbench.text.rulers import Ruler
from workbench.text.units import split


@dataclass(frozen=True, slots=True, kw_only=True)
class TermCounts:
    """Occurrences of a term or of several; adds.

    Attributes:
        found: In both texts of a clip.
        missed: In the reference and not in the hypothesis.
        inserted: In the hypothesis and not in the reference.
    """

    found: int = 0
    missed: int = 0
    inserted: int = 0

    def __add__(self, other: TermCounts) -> TermCounts:
        return TermCounts(
            found=self.found + other.found, missed=self.missed + other.missed, inserted=self.inserted + other.inserted
        )

    @property
    def recall(self) -> float | None:
        """Found of those said; None where none was said."""
        said = self.found + self.missed
        return self.found / said if said else None

    @property
    def precision(self) -> float | None:
        """Found of those written; None where none was written."""
        written = self.found + self.inserted
        return self.found / written if written else None


def count_terms(pairs: Sequence[Pair], terms: Iterable[str], ruler: Ruler) -> dict[str, TermCounts]:
    """How often each term was found, missed and put in, over all clips; see `find_terms`."""
    wanted = _wanted(terms, ruler)
    return add_terms(_found(pairs, wanted, ruler), wanted.values())


def find_terms(pairs: Sequence[Pair], terms: Iterable[str], ruler: Ruler) -> list[dict[str, TermCounts]]:
    """How often each term was found, missed and put in, clip by clip; terms that are in neither text are not named.

    Terms are put through the ruler as the texts are, and matched as whole mixed units, so "art" is not in "start". In
    each clip as many occurrences are found as both texts have. Occurrences of one term don't overlap; those of
    different terms may (機器 in 機器學習). Terms that are one under the ruler are counted under the first of them.

    Args:
        pairs: Id, reference and hypothesis of each clip.
        terms: As a user writes them; what is nothing under the ruler is left out.
        ruler: Applied to all.
    """
    return _found(pairs, _wanted(terms, ruler), ruler)


def add_terms(clips: Iterable[Mapping[str, TermCounts]], terms: Iterable[str]) -> dict[str, TermCounts]:
    """Counts of several clips as one.

    Args:
        clips: As `find_terms` gives them.
        terms: Those that are named even where no clip has them.
    """
    total = dict.fromkeys(terms, TermCounts())
    for clip in clips:
        for term, counts in clip.items():
            total[term] = total.get(term, TermCounts()) + counts
    return total


def read_terms(path: Path) -> list[str]:
    """The terms of a text file, one a line, in UTF-8; empty lines are skipped.

    Raises:
        UsageError: It cannot be read, or has none.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, ValueError) as error:  # ValueError: not UTF-8, or a NUL in the name
        raise UsageError(
            f"{path.name} cannot be read as a list of terms.", hint="One term a line, in UTF-8."
        ) from error
    found = [line.strip() for line in lines if line.strip()]
    if not found:
        raise UsageError(f"{path.name} has no terms.", hint="Write one a line.")
    return found


def _wanted(terms: Iterable[str], ruler: Ruler) -> dict[tuple[str, ...], str]:
    """Terms by their units, those that are one under the ruler once."""
    wanted: dict[tuple[str, ...], str] = {}
    for term in terms:
        if units := tuple(split(ruler.apply(term), "mixed")):
            wanted.setdefault(units, term)
    return wanted


def _found(pairs: Sequence[Pair], wanted: Mapping[tuple[str, ...], str], ruler: Ruler) -> list[dict[str, TermCounts]]:
    if not wanted:
        return [{} for _ in pairs]
    return [
        _in_clip(split(ruler.apply(said), "mixed"), split(ruler.apply(heard), "mixed"), wanted)
        for _, said, heard in pairs
    ]


def _in_clip(said: Sequence[str], heard: Sequence[str], wanted: Mapping[tuple[str, ...], str]) -> dict[str, TermCounts]:
    present = {*said, *heard}
    found: dict[str, TermCounts] = {}
    for units, term in wanted.items():
        if units[0] in present:
            left, right = _occurrences(units, said), _occurrences(units, heard)
            if left or right:
                both = min(left, right)
                found[term] = TermCounts(found=both, missed=left - both, inserted=right - both)
    return found


def _occurrences(term: tuple[str, ...], units: Sequence[str]) -> int:
    size, place, count = len(term), 0, 0
    while place + size <= len(units):
        if units[place] == term[0] and tuple(units[place : place + size]) == term:
            count += 1
            place += size
        else:
            place += 1
    return count
