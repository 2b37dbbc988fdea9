"""NIST's matched-pairs sentence-segment word error test (MAPSSWE), and p-values of several comparisons at once."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.alignment import DELETION, INSERTION, SUBSTITUTION, Edit, encode_edits

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
    for one, other in zip(alignments_a, alignments_b, strict=True):
        _check_references(one, other)
    steps_a, steps_b = ([encode_edits(one) for one in side] for side in (alignments_a, alignments_b))
    return compare_traced(steps_a, steps_b, buffer=buffer)


def compare_traced(steps_a: Sequence[bytes], steps_b: Sequence[bytes], *, buffer: int = BUFFER) -> MatchedPairs:
    """`compare_segments` of alignments that are given as `alignment.trace_units` does.

    Args:
        steps_a: Of each utterance, by system A.
        steps_b: Of the same references, in the same order, by system B.
        buffer: Units both must have right.

    Raises:
        ValueError: The references are not equally long.
    """
    errors = _cut(steps_a, steps_b, buffer)
    differences = (errors[:, 1] - errors[:, 0]).astype(np.float64)
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


def cut_segments(one: Sequence[Edit], other: Sequence[Edit], *, buffer: int = BUFFER) -> list[tuple[int, int]]:
    """One utterance's segments: errors of either system in each.

    Raises:
        ValueError: The references are not the same.
    """
    _check_references(one, other)
    return [(int(a), int(b)) for a, b in _cut([encode_edits(one)], [encode_edits(other)], buffer)]


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


def _check_references(one: Sequence[Edit], other: Sequence[Edit]) -> None:
    left, right = ([edit.reference for edit in side if edit.op != "insertion"] for side in (one, other))
    if left != right:
        raise ValueError("the alignments are of different references")


_END = 255  # the code of an utterance's end, which no step has


def _cut(steps_a: Sequence[bytes], steps_b: Sequence[bytes], buffer: int) -> NDArray[np.int64]:
    """Errors of either system in the segments of all utterances, in order, `(segments, 2)`."""
    (ends, before_a, wrong_a), (ends_b, before_b, wrong_b) = _errors_by_unit(steps_a), _errors_by_unit(steps_b)
    if not np.array_equal(ends, ends_b):
        raise ValueError("the alignments are of different references")
    if not len(ends):
        return np.zeros((0, 2), dtype=np.int64)
    places = np.arange(len(ends))
    # How many units both have right in a row, up to each one: so many places it is beyond the last wrong one, or beyond
    # the one before the last insertion. Units of the utterance before count too, but its end has closed its segments.
    last = np.where(wrong_a | wrong_b, places, np.where(before_a + before_b > 0, places - 1, -buffer))
    closes = ends | (places - np.maximum.accumulate(last) >= buffer)
    segment = np.cumsum(closes) - closes
    errors = np.stack([np.bincount(segment, weights=one) for one in (before_a + wrong_a, before_b + wrong_b)], axis=1)
    return errors[errors.any(axis=1)].astype(np.int64)


def _errors_by_unit(steps: Sequence[bytes]) -> tuple[NDArray[np.bool_], NDArray[np.int64], NDArray[np.bool_]]:
    """For each reference unit and each utterance's end: whether it is an end, insertions before it, if it is wrong."""
    end = bytes([_END])
    codes = np.frombuffer(b"".join(one + end for one in steps), dtype=np.uint8)
    places = np.flatnonzero(codes != INSERTION)
    found = codes[places]
    return found == _END, np.diff(places, prepend=-1) - 1, (found == DELETION) | (found == SUBSTITUTION)
