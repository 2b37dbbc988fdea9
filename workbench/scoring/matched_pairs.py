"""NIST's matched-pairs sentence-segment word error test (MAPSSWE), and p-values of several comparisons at once."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from workbench.scoring.alignment import Edit

BUFFER = 2
"""Units in a row that both systems have right and that end a segment, as in sc_stats."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MatchedPairs:
    """System B against system A, by segments.

    Attributes:
        segments: Stretches in which one of the two at least makes an error.
        mean: Errors of B minus errors of A, a segment; None without segments.
        deviation: Its standard deviation over segments (n − 1); None with fewer than two.
        z: Mean by its standard error; None where that is nought or unknown.
        p_value: Two-sided, of a standard normal z; None without one.
    """

    segments: int
    mean: float | None
    deviation: float | None
    z: float | None
    p_value: float | None


def compare_segments(
    alignments_a: Sequence[Sequence[Edit]], alignments_b: Sequence[Sequence[Edit]], *, buffer: int = BUFFER
) -> MatchedPairs:
    """Whether two systems make as many errors, segment by segment.

    Utterances are cut where both systems have `buffer` units right in a row, as errors on either side of such a stretch
    may be held to be independent; the errors of the two systems in the segments between are compared. Source: Gillick
    and Cox 1989, "Some statistical issues in the comparison of speech recognition algorithms", ICASSP. It equals
    NIST's sc_stats.

    Args:
        alignments_a: Of each utterance, in any unit, by system A.
        alignments_b: Of the same references, in the same order, by system B.
        buffer: Units both must have right.

    Raises:
        ValueError: The references are not the same.
    """
    differences = np.array(
        [
            errors_b - errors_a
            for one, other in zip(alignments_a, alignments_b, strict=True)
            for errors_a, errors_b in cut_segments(one, other, buffer=buffer)
        ],
        dtype=np.float64,
    )
    count = len(differences)
    mean = float(differences.mean()) if count else None
    deviation = float(differences.std(ddof=1)) if count > 1 else None
    z = mean / (deviation / math.sqrt(count)) if mean is not None and deviation else None
    return MatchedPairs(
        segments=count,
        mean=mean,
        deviation=deviation,
        z=z,
        p_value=None if z is None else math.erfc(abs(z) / math.sqrt(2)),
    )


def cut_segments(one: Sequence[Edit], other: Sequence[Edit], *, buffer: int = BUFFER) -> Iterator[tuple[int, int]]:
    """One utterance's segments: errors of either system in each.

    Raises:
        ValueError: The references are not the same.
    """
    left, right = _errors_by_unit(one), _errors_by_unit(other)
    if [unit for unit, _, _ in left] != [unit for unit, _, _ in right]:
        raise ValueError("the alignments are of different references")
    errors = [0, 0]
    in_a_row = buffer  # units both have right since the last error; as many as the buffer: no segment is open
    for (_, before_a, at_a), (_, before_b, at_b) in zip(left, right, strict=True):
        errors[0] += before_a + at_a
        errors[1] += before_b + at_b
        if at_a or at_b:
            in_a_row = 0
            continue
        in_a_row = 1 if before_a or before_b else in_a_row + 1
        if in_a_row >= buffer and any(errors):
            yield errors[0], errors[1]
            errors = [0, 0]
    if any(errors):
        yield errors[0], errors[1]


def correct_for_many(p_values: Sequence[float | None]) -> list[float | None]:
    """P-values of several comparisons, each raised so that all hold together; None stays None.

    Holm 1979, "A simple sequentially rejective multiple test procedure": the smallest of m is multiplied by m, the next
    by m − 1, and so on; none is below a smaller one's, none above 1. If each is then held against 0.05, the chance of
    any false claim among them is at most 0.05.
    """
    order = sorted((p, place) for place, p in enumerate(p_values) if p is not None)
    corrected: list[float | None] = [None] * len(p_values)
    highest = 0.0
    for rank, (p, place) in enumerate(order):
        highest = max(highest, min(1.0, p * (len(order) - rank)))
        corrected[place] = highest
    return corrected


def _errors_by_unit(alignment: Sequence[Edit]) -> list[tuple[str | None, int, int]]:
    """For each reference unit: what it is, how many were put in before it, and whether it is wrong; then the end."""
    found: list[tuple[str | None, int, int]] = []
    inserted = 0
    for edit in alignment:
        if edit.op == "insertion":
            inserted += 1
        else:
            found.append((edit.reference, inserted, int(edit.op != "hit")))
            inserted = 0
    return [*found, (None, inserted, 0)]
