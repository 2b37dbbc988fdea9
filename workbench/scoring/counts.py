"""Edit operations as numbers that add."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ErrorCounts:
    """Edit operations between a reference and a hypothesis, in one unit (characters, words or mixed).

    Counts add, rates don't: the corpus rate is the rate of the summed counts.
    """

    hits: int = 0
    substitutions: int = 0
    deletions: int = 0
    insertions: int = 0

    def __add__(self, other: ErrorCounts) -> ErrorCounts:
        return ErrorCounts(
            hits=self.hits + other.hits,
            substitutions=self.substitutions + other.substitutions,
            deletions=self.deletions + other.deletions,
            insertions=self.insertions + other.insertions,
        )

    @property
    def errors(self) -> int:
        return self.substitutions + self.deletions + self.insertions

    @property
    def reference_length(self) -> int:
        return self.hits + self.substitutions + self.deletions

    @property
    def rate(self) -> float | None:
        """Errors per reference unit; None where the reference is empty, never NaN."""
        return self.errors / self.reference_length if self.reference_length else None


_NOTHING = ErrorCounts()


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """Counts of one clip or of many, what was recognised on empty references kept apart.

    Attributes:
        counts: Of the clips that have a reference.
        insertions_on_empty: Units recognised in the others; no rate over reference units can hold them.
    """

    counts: ErrorCounts = _NOTHING
    insertions_on_empty: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            counts=self.counts + other.counts,
            insertions_on_empty=self.insertions_on_empty + other.insertions_on_empty,
        )

    @property
    def errors(self) -> int:
        """All errors, those on empty references included."""
        return self.counts.errors + self.insertions_on_empty


def tally(counts: ErrorCounts) -> Tally:
    """One clip's counts, kept apart if its reference is empty."""
    return Tally(counts=counts) if counts.reference_length else Tally(insertions_on_empty=counts.insertions)


def tally_all(several: Iterable[ErrorCounts]) -> Tally:
    """The counts of several clips, added."""
    return sum(map(tally, several), Tally())
