"""Units against units: which were heard, replaced, missed, put in. Every count, table and picture rests on this.

It is sclite's. NIST's sclite weighs a substitution 4, a deletion or an insertion 3, and takes the cheapest alignment;
of equally cheap ones, from the end backwards, it takes a hit or substitution before an insertion, and an insertion
before a deletion. Source: SCTK 2.4, `src/sclite/word.c` (`wwd_WORD`: the weights) and `src/sclite/net_dp.c`
(`calculate_internal_cells`: the order).

With N reference and M hypothesis units, H hits and S substitutions, the cost is

    4 S + 3 D + 3 I = 3 (N + M) - 2 (3 H + S)

so the cheapest alignment is the one with the greatest gain, a hit being worth 3, a substitution 1, a gap nothing. Many
pairs of like size are worked through at once, a reference unit at a time. Of a long pair only the band is, in which all
its best alignments are (after Ukkonen 1985, "Algorithms for approximate string matching").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import chain
from math import isqrt
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from workbench.scoring.counts import ErrorCounts

Operation = Literal["hit", "substitution", "deletion", "insertion"]


@dataclass(frozen=True, slots=True)
class Edit:
    """One step of an alignment.

    Attributes:
        op: What happened.
        reference: The reference's unit; empty for an insertion.
        hypothesis: The hypothesis's unit; empty for a deletion.
    """

    op: Operation
    reference: str
    hypothesis: str


class Gains(NamedTuple):
    """What a step of an alignment is worth; a deletion or an insertion is worth nothing.

    Attributes:
        hit: Of two equal units.
        substitution: Of two different units; not more than a hit.
    """

    hit: int
    substitution: int


SCLITE = Gains(hit=3, substitution=1)
"""sclite's weights."""

MOST_HITS = Gains(hit=1, substitution=0)
"""As many hits as the order of the units allows."""

_CELLS = 1 << 25  # steps kept at once, a byte each: bounds the memory
_WIDTH = 1 << 16  # gains in a row of all pairs of a batch: fits a processor's cache
_OPERATIONS: tuple[Operation, ...] = ("insertion", "deletion", "substitution", "hit")  # by their codes
INSERTION, DELETION, SUBSTITUTION, HIT = range(4)
"""The codes of an alignment's steps; the first two are False and True in `_advance`."""
_NOTHING = 4
_CODES = {operation: code for code, operation in enumerate(_OPERATIONS)}

_Texts = Sequence[list[str]]
_Numbers = NDArray[np.int32]
_Codes = NDArray[np.uint8]


def align_units(references: _Texts, hypotheses: _Texts, *, gains: Gains = SCLITE) -> list[list[Edit]]:
    """Alignments of many pairs, whatever their units are (characters, words, syllables); in order.

    Args:
        references: The units said, of each pair.
        hypotheses: The units heard, of each pair.
        gains: What is preferred; every rate and table is of sclite's.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    aligned: list[list[Edit]] = [[]] * _count_pairs(references, hypotheses)
    for place, path in _find_paths(references, hypotheses, gains):
        said, heard = iter(references[place]), iter(hypotheses[place])
        aligned[place] = [
            Edit(_OPERATIONS[code], "" if code == INSERTION else next(said), "" if code == DELETION else next(heard))
            for code in path
        ]
    return aligned


def trace_units(references: _Texts, hypotheses: _Texts) -> list[bytes]:
    """The same alignments as the codes of their steps, a byte each; several times as fast and a fraction of the memory.

    Args:
        references: The units said, of each pair.
        hypotheses: The units heard, of each pair.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    traced = [b""] * _count_pairs(references, hypotheses)
    for place, steps in _find_paths(references, hypotheses, SCLITE):
        traced[place] = steps
    return traced


def encode_edits(alignment: Sequence[Edit]) -> bytes:
    """An alignment as the codes of its steps."""
    return bytes(_CODES[edit.op] for edit in alignment)


def count_steps(steps: bytes) -> ErrorCounts:
    """How often each operation is in an alignment, by the codes of its steps."""
    return ErrorCounts(
        hits=steps.count(HIT),
        substitutions=steps.count(SUBSTITUTION),
        deletions=steps.count(DELETION),
        insertions=steps.count(INSERTION),
    )


def count_units(references: _Texts, hypotheses: _Texts) -> list[ErrorCounts]:
    """How often each operation is in the alignments of `align_units`; faster, as they are not written out.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    return [count_steps(steps) for steps in trace_units(references, hypotheses)]


def _count_pairs(references: _Texts, hypotheses: _Texts) -> int:
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references and {len(hypotheses)} hypotheses cannot be paired")
    return len(references)


def _find_paths(references: _Texts, hypotheses: _Texts, gains: Gains) -> Iterator[tuple[int, bytes]]:
    """For each pair its place and the codes of its steps; the places in any order."""
    unequal: list[int] = []
    for place, (reference, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
        if reference == hypothesis:
            yield place, bytes([HIT]) * len(reference)
        else:
            unequal.append(place)
    for batch in _gather_like_sizes(unequal, references, hypotheses):
        numbers: dict[str, int] = {}
        said, said_lengths = _number_units([references[place] for place in batch], numbers)
        heard, heard_lengths = _number_units([hypotheses[place] for place in batch], numbers)
        for place, path in zip(batch, _find_steps(said, heard, said_lengths, heard_lengths, gains), strict=True):
            yield place, path[path != _NOTHING].tobytes()


def _gather_like_sizes(places: list[int], references: _Texts, hypotheses: _Texts) -> Iterator[list[int]]:
    """Pairs that are worked through together: alike in size, as many as memory and cache bear, one at least."""
    batch: list[int] = []
    longest = widest = 0
    for place in sorted(places, key=lambda place: (len(references[place]), len(hypotheses[place]))):
        longest = max(longest, len(references[place]))
        widest = max(widest, len(hypotheses[place]))
        row = (len(batch) + 1) * (widest + 1)
        if batch and (row > _WIDTH or row * longest > _CELLS):
            yield batch
            batch = []
            longest, widest = len(references[place]), len(hypotheses[place])
        batch.append(place)
    if batch:
        yield batch


def _number_units(texts: _Texts, numbers: dict[str, int]) -> tuple[_Numbers, NDArray[np.int64]]:
    """Units as numbers, equal ones alike, `(pairs, longest)`, and how many each text has; nothing looks beyond."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    filled = np.arange(lengths.max()) < lengths[:, None]
    table = np.zeros(filled.shape, dtype=np.int32)
    table[filled] = [numbers.setdefault(unit, len(numbers)) for unit in chain.from_iterable(texts)]
    return table, lengths


class _Band(NamedTuple):
    """By how much a place in the hypothesis may be behind (negative) or ahead of that in the reference."""

    low: int
    high: int

    def columns(self, place: int, width: int) -> tuple[int, int]:
        """The first and the last place in the hypothesis, up to `width`, beside one in the reference."""
        return max(0, place + self.low), min(width, place + self.high)


def _choose_band(said: _Numbers, heard: _Numbers, gains: Gains) -> _Band:
    """Of one pair the band that no best alignment leaves, of several everything.

    An alignment that is more than k steps beyond both ends' diagonals has at least 2 (k + 1) gaps more than it must, so
    at most min(N, M) - k - 1 units face each other. Where an alignment with gain G is known, those that gain as much
    are within k = min(N, M) - G / hit. A narrow band finds one.
    """
    length, width = said.shape[1], heard.shape[1]
    if len(said) > 1:
        return _Band(-length, width)
    shorter = min(length, width)

    def widen(margin: int) -> _Band:
        return _Band(min(0, width - length) - margin, max(0, width - length) + margin)

    narrow = widen(64 + shorter // 32)
    row = np.zeros((1, width + 1), dtype=np.int32)
    _advance(row, said, 0, heard, narrow, gains)
    return widen(shorter - int(row[0, -1]) // gains.hit)


def _find_steps(
    said: _Numbers, heard: _Numbers, said_lengths: NDArray[np.int64], heard_lengths: NDArray[np.int64], gains: Gains
) -> _Codes:
    """Codes of each pair's steps in order, `(pairs, most)`, with `_NOTHING` among them.

    Only the row of gains before each block of reference units is kept; from the last block to the first, the block's
    rows are then worked out again and its steps traced back. A batch of several pairs is one block.
    """
    pairs, width = heard.shape
    band = _choose_band(said, heard, gains)
    columns = min(width, band.high - band.low) + 1
    block = max(_CELLS // (pairs * columns), 2 * isqrt(said.shape[1]), 1)
    starts = range(0, said.shape[1], block)
    rows = [np.zeros((pairs, width + 1), dtype=np.int32)]
    for start in starts[:-1]:
        rows.append(rows[-1].copy())
        _advance(rows[-1], said[:, start : start + block], start, heard, band, gains)
    path = np.full((pairs, said.shape[1] + width), _NOTHING, dtype=np.uint8)
    left, right = said_lengths.copy(), heard_lengths.copy()  # units not traced back yet
    for start in reversed(starts):
        part = said[:, start : start + block]
        moves = np.full((part.shape[1], pairs, columns), DELETION, dtype=np.uint8)
        _advance(rows.pop(), part, start, heard, band, gains, moves)
        _trace_back(path, moves, left, right, start, band)
    path[np.arange(path.shape[1]) < right[:, None]] = INSERTION
    return path


def _advance(
    row: _Numbers,
    said: _Numbers,
    start: int,
    heard: _Numbers,
    band: _Band,
    gains: Gains,
    moves: _Codes | None = None,
) -> None:
    """Take a row of gains, `(pairs, hypothesis units + 1)`, further by some reference units, in place.

    Outside the band stands what is never more than the gain there (0, or that of a row before), so that no gain is
    overrated, and those of the best alignments, which keep inside, are right.

    Args:
        row: The best gains before these units, at each place in the hypothesis.
        said: The units, `(pairs, units)`.
        start: How many there are before them.
        heard: All units of the hypotheses.
        band: What is worked out of each row.
        gains: What steps are worth.
        moves: If given, the step that leads to each cell of the band is written there; it holds deletions.
    """
    for place, unit in enumerate(said.T):
        first, last = band.columns(start + place + 1, heard.shape[1])
        inner = max(first, 1)
        equal = heard[:, inner - 1 : last] == unit[:, None]
        diagonal = equal.astype(np.int32)
        diagonal *= gains.hit - gains.substitution
        diagonal += gains.substitution
        diagonal += row[:, inner - 1 : last]
        best = row[:, inner : last + 1]
        np.maximum(best, diagonal, out=best)
        np.maximum.accumulate(best, axis=1, out=best)
        if moves is not None:
            found = moves[place, :, inner - first : last - first + 1]
            np.not_equal(best, row[:, inner - 1 : last], out=found.view(np.bool_))  # an insertion, or a deletion
            np.copyto(found, equal.view(np.uint8) + np.uint8(SUBSTITUTION), where=diagonal == best)


def _trace_back(
    path: _Codes, moves: _Codes, left: NDArray[np.int64], right: NDArray[np.int64], start: int, band: _Band
) -> None:
    """Write the steps within one block into `path`, each at the number of units before it, and shorten what is left."""
    going = np.flatnonzero(left > start)
    while len(going):
        said, heard = left[going], right[going]
        code = moves[said - start - 1, going, heard - np.maximum(0, said + band.low)]
        path[going, said + heard - 1] = code
        left[going] = said - (code != INSERTION)
        right[going] = heard - (code != DELETION)
        going = going[left[going] > start]
