"""Recall of a list of terms (hotwords, names): found, missed, falsely inserted."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

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
    """How often each term was found, missed and put in, by clip and added.

    Terms are put through the ruler as the texts are, and matched as whole mixed units, so "art" is not in "start". In
    each clip as many occurrences are found as both texts have. Occurrences of one term don't overlap; those of
    different terms may (機器 in 機器學習). Terms that are one under the ruler are counted under the first of them.

    Args:
        pairs: Id, reference and hypothesis of each clip.
        terms: As a user writes them; what is nothing under the ruler is left out.
        ruler: Applied to all.
    """
    wanted: dict[tuple[str, ...], str] = {}
    for term in terms:
        if units := tuple(split(ruler.apply(term), "mixed")):
            wanted.setdefault(units, term)
    total = dict.fromkeys(wanted.values(), TermCounts())
    for _, reference, hypothesis in pairs:
        said, heard = (split(ruler.apply(text), "mixed") for text in (reference, hypothesis))
        for units, term in wanted.items():
            left, right = _occurrences(units, said), _occurrences(units, heard)
            both = min(left, right)
            total[term] += TermCounts(found=both, missed=left - both, inserted=right - both)
    return total


def _occurrences(term: tuple[str, ...], units: Sequence[str]) -> int:
    size, place, count = len(term), 0, 0
    while place + size <= len(units):
        if units[place] == term[0] and tuple(units[place : place + size]) == term:
            count += 1
            place += size
        else:
            place += 1
    return count
