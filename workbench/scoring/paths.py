"""The steps of the best alignments of many pairs, worked out at once: what `alignment` and all counts rest on.

With N reference and M hypothesis units, H hits and S substitutions, the cost of an alignment by sclite's weights is

    4 S + 3 D + 3 I = 3 (N + M) - 2 (3 H + S)

so the cheapest is the one with the greatest gain, a hit being worth 3, a substitution 1, a gap nothing. Many pairs of
like size are worked through at once, a reference unit at a time. Of a long pair only the band is, in which all its best
alignments are (after Ukkonen 1985, "Algorithms for approximate string matching").
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from math import isqrt
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


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

INSERTION, DELETION, SUBSTITUTION, HIT = range(4)
"""The codes of an alignment's steps; the first two are False and True in `_advance`."""
NO_STEP = 4
"""The code of a place in a table where no step is."""

_CELLS = 1 << 25  # steps kept at once, a byte each: bounds the memory
_WIDTH = 1 << 16  # gains in a row of all pairs of a batch: fits a processor's cache

Texts = Sequence[Sequence[str]]
"""The units of each text: all of them lists, or all of them strings, whose units are their characters."""

_Numbers = NDArray[np.int32]
_Codes = NDArray[np.uint8]


def find_steps(
    places: list[int], references: Texts, hypotheses: Texts, gains: Gains
) -> Iterator[tuple[list[int], _Codes]]:
    """The steps of the best alignments of some pairs, batch by batch: of equally good ones, those that sclite takes.

    Args:
        places: Which pairs, in any order; neither side of any of them is empty.
        references: The units said, of each pair.
        hypotheses: The units heard, of each pair.
        gains: What is preferred.

    Yields:
        The places of a batch, and the codes of their steps in order `(pairs, most)`, with `NO_STEP` among them.
    """
    for batch in _gather_like_sizes(places, references, hypotheses):
        numbers: dict[str, int] = {}
        said, said_lengths = _number_units([references[place] for place in batch], numbers)
        heard, heard_lengths = _number_units([hypotheses[place] for place in batch], numbers)
        yield batch, _find_steps(said, heard, said_lengths, heard_lengths, gains)


def _gather_like_sizes(places: list[int], references: Texts, hypotheses: Texts) -> Iterator[list[int]]:
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


def _number_units(texts: Texts, numbers: dict[str, int]) -> tuple[_Numbers, NDArray[np.int64]]:
    """Units as numbers, equal ones alike, `(pairs, longest)`, and how many each text has; nothing looks beyond."""
    lengths = np.array([len(text) for text in texts], dtype=np.int64)
    filled = np.arange(lengths.max()) < lengths[:, None]
    table = np.zeros(filled.shape, dtype=np.int32)
    if isinstance(texts[0], str):  # the numbers of characters are there already
        table[filled] = np.frombuffer("".join(map(str, texts)).encode("utf-32-le", "surrogatepass"), dtype="<i4")
    else:
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
    """Codes of each pair's steps in order, `(pairs, most)`, with `NO_STEP` among them.

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
    path = np.full((pairs, said.shape[1] + width), NO_STEP, dtype=np.uint8)
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
