"""Units against units: which were heard, replaced, missed, put in. Every count, table and picture rests on this.

It is sclite's. NIST's sclite weighs a substitution 4, a deletion or an insertion 3, and takes the cheapest alignment;
of equally cheap ones, from the end backwards, it takes a hit or substitution before an insertion, and an insertion
before a deletion. Source: SCTK 2.4, `src/sclite/word.c` (`wwd_WORD`: the weights) and `src/sclite/net_dp.c`
(`calculate_internal_cells`: the order). `paths` works them out.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Literal

import numpy as np

from workbench.scoring.counts import ErrorCounts
from workbench.scoring.paths import (
    DELETION,
    HIT,
    INSERTION,
    MOST_HITS,
    NO_STEP,
    SCLITE,
    SUBSTITUTION,
    Gains,
    Texts,
    find_steps,
)

__all__ = [
    "DELETION",
    "HIT",
    "INSERTION",
    "MOST_HITS",
    "SCLITE",
    "SUBSTITUTION",
    "Edit",
    "Gains",
    "Operation",
    "align_units",
    "count_steps",
    "count_units",
    "encode_edits",
    "trace_units",
]

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


_OPERATIONS: tuple[Operation, ...] = ("insertion", "deletion", "substitution", "hit")  # by their codes
_CODES = {operation: code for code, operation in enumerate(_OPERATIONS)}


def align_units(references: Texts, hypotheses: Texts, *, gains: Gains = SCLITE) -> list[list[Edit]]:
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


def trace_units(references: Texts, hypotheses: Texts) -> list[bytes]:
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


def count_units(references: Texts, hypotheses: Texts) -> list[ErrorCounts]:
    """How often each operation is in the alignments of `align_units`; much faster, as they are not written out.

    What both texts begin and end with is counted without being aligned. From the end that is the alignment itself: a
    hit gains most, and is taken first. At the beginning the alignment may pair other units with each other ("a" in
    "a a" with the second), but as many of them: N units that gain as much as they can are N hits.

    Args:
        references: The units said, of each pair; a string's units are its characters.
        hypotheses: The units heard, of each pair; strings where the references are.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    counted = [_NONE] * _count_pairs(references, hypotheses)
    hits: dict[int, int] = {}
    said, heard = list(references), list(hypotheses)
    for place, (reference, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
        if reference == hypothesis:
            counted[place] = ErrorCounts(hits=len(reference))
            continue
        head, tail = _measure_shared_ends(reference, hypothesis)
        said[place] = reference[head : len(reference) - tail]
        heard[place] = hypothesis[head : len(hypothesis) - tail]
        if said[place] and heard[place]:
            hits[place] = head + tail
        else:
            missed, added = len(said[place]), len(heard[place])
            counted[place] = ErrorCounts(hits=head + tail, deletions=missed, insertions=added)
    for batch, steps in find_steps(list(hits), said, heard, SCLITE):
        found = [np.count_nonzero(steps == code, axis=1).tolist() for code in (HIT, SUBSTITUTION, DELETION, INSERTION)]
        for place, hit, substituted, missed, added in zip(batch, *found, strict=True):
            counted[place] = ErrorCounts(
                hits=hits[place] + hit, substitutions=substituted, deletions=missed, insertions=added
            )
    return counted


_NONE = ErrorCounts()


def _measure_shared_ends(reference: Sequence[str], hypothesis: Sequence[str]) -> tuple[int, int]:
    """How many units two different texts begin with alike, and how many of the others they end with alike."""
    head = _count_alike(zip(reference, hypothesis, strict=False))
    rest = min(len(reference), len(hypothesis)) - head
    return head, _count_alike(islice(zip(reversed(reference), reversed(hypothesis), strict=False), rest))


def _count_alike(pairs: Iterable[tuple[str, str]]) -> int:
    """How many pairs are of equal units before the first that is not."""
    alike = 0
    for said, heard in pairs:
        if said != heard:
            break
        alike += 1
    return alike


def _count_pairs(references: Texts, hypotheses: Texts) -> int:
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references and {len(hypotheses)} hypotheses cannot be paired")
    return len(references)


def _find_paths(references: Texts, hypotheses: Texts, gains: Gains) -> Iterator[tuple[int, bytes]]:
    """For each pair its place and the codes of its steps; the places in any order."""
    unequal: list[int] = []
    for place, (reference, hypothesis) in enumerate(zip(references, hypotheses, strict=True)):
        if reference == hypothesis:
            yield place, bytes([HIT]) * len(reference)
        elif reference and hypothesis:
            unequal.append(place)
        else:
            yield place, bytes([DELETION]) * len(reference) + bytes([INSERTION]) * len(hypothesis)
    for batch, steps in find_steps(unequal, references, hypotheses, gains):
        for place, path in zip(batch, steps, strict=True):
            yield place, path[path != NO_STEP].tobytes()
