"""Texts against texts: alignments, counts, rates. The only place that knows jiwer."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add
from typing import TYPE_CHECKING, Any, Literal, cast

import numpy as np

from workbench.scoring.counts import ErrorCounts
from workbench.scoring.interval import bootstrap_rate
from workbench.text.rulers import MetricName, Ruler
from workbench.text.units import Unit, split

if TYPE_CHECKING:
    from jiwer import AlignmentChunk

Pair = tuple[str, str, str]
"""An item's id, its reference, and what was recognised."""

Operation = Literal["hit", "substitution", "deletion", "insertion"]

METRICS: Mapping[MetricName, Unit] = {"wer": "word", "cer": "char", "mer": "mixed"}
"""The unit of each rate."""

_BATCH = 5000  # utterances a call: bounds the memory jiwer's alignments take
_OPERATIONS: Mapping[str, Operation] = {
    "equal": "hit",
    "substitute": "substitution",
    "delete": "deletion",
    "insert": "insertion",
}


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemScore:
    """One utterance under a ruler.

    Attributes:
        id: As given.
        counts: For each rate; where the reference is empty, all there can be is insertions.
        empty_reference: Whether nothing is left of the reference under the ruler.
    """

    id: str
    counts: Mapping[MetricName, ErrorCounts]
    empty_reference: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One rate over a corpus: of the summed counts, never a mean of rates.

    Attributes:
        counts: Summed over the utterances that have a reference.
        items: How many those are.
        ci95: 95 % interval over utterances; None with fewer than two.
        insertions_on_empty: Units recognised where the reference is empty (noise, silence). They belong to no
            reference unit, so they are in neither `counts` nor `rate`.
    """

    counts: ErrorCounts
    items: int
    ci95: tuple[float, float] | None
    insertions_on_empty: int = 0

    @property
    def rate(self) -> float | None:
        """Errors per reference unit; None where there is no reference."""
        return self.counts.rate

    def as_json(self) -> dict[str, Any]:
        """What the doors show: `{rate, errors, substitutions, …, reference_length, ci95}`."""
        return {
            "rate": self.rate,
            "errors": self.counts.errors,
            "substitutions": self.counts.substitutions,
            "deletions": self.counts.deletions,
            "insertions": self.counts.insertions,
            "hits": self.counts.hits,
            "reference_length": self.counts.reference_length,
            "ci95": None if self.ci95 is None else list(self.ci95),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A corpus under one ruler.

    Attributes:
        ruler: Its id, `zh@1`.
        ruler_hash: Eight hex digits: the same ruler, tables and libraries.
        items: In the order given.
        metrics: Word, character and mixed error rate.
        empty_references: Ids of the items whose reference is empty under the ruler, in order.
    """

    ruler: str
    ruler_hash: str
    items: tuple[ItemScore, ...]
    metrics: Mapping[MetricName, Metric]
    empty_references: tuple[str, ...]


def count(reference: str, hypothesis: str, unit: Unit) -> ErrorCounts:
    """Edit operations that turn one text into another, the fewest possible; no ruler is applied.

    Args:
        reference: What was said; may be empty, then every unit recognised is an insertion.
        hypothesis: What was recognised; may be empty.
        unit: What is counted.
    """
    return count_all([reference], [hypothesis], unit)[0]


def count_all(references: Sequence[str], hypotheses: Sequence[str], unit: Unit) -> list[ErrorCounts]:
    """`count` for many pairs at once, in order; much faster than one by one.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references and {len(hypotheses)} hypotheses cannot be paired")
    counted: list[ErrorCounts] = []
    for start in range(0, len(references), _BATCH):
        chosen = slice(start, start + _BATCH)
        left = [split(text, unit) for text in references[chosen]]
        right = [split(text, unit) for text in hypotheses[chosen]]
        counted += [_add_up(chunks) for chunks in _align(left, right)]
    return counted


def align(reference: str, hypothesis: str, unit: Unit) -> list[Edit]:
    """One of the shortest alignments of two texts, unit by unit; its counts are those of `count`."""
    return align_units([split(reference, unit)], [split(hypothesis, unit)])[0]


def align_units(references: Sequence[list[str]], hypotheses: Sequence[list[str]]) -> list[list[Edit]]:
    """`align` for many pairs at once, whatever their units are (syllables, say); in order.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    if len(references) != len(hypotheses):
        raise ValueError(f"{len(references)} references and {len(hypotheses)} hypotheses cannot be paired")
    aligned: list[list[Edit]] = []
    for start in range(0, len(references), _BATCH):
        left, right = list(references[start : start + _BATCH]), list(hypotheses[start : start + _BATCH])
        for said, heard, chunks in zip(left, right, _align(left, right), strict=True):
            aligned.append([edit for chunk in chunks for edit in _edits(said, heard, chunk)])
    return aligned


def score(pairs: Sequence[Pair], ruler: Ruler, *, seed: int = 0) -> Score:
    """Word, character and mixed error rate of a corpus.

    An item whose reference is empty under the ruler has no error rate: it is named in `empty_references`, and what was
    recognised there is counted in each metric's `insertions_on_empty`, not in its rate. (jiwer would return the number
    of insertions as if it were a rate.)

    Args:
        pairs: Id, reference and hypothesis of each item; ids are not looked at and may repeat.
        ruler: Applied to both sides.
        seed: Of the intervals.
    """
    references = [ruler.apply(reference) for _, reference, _ in pairs]
    hypotheses = [ruler.apply(hypothesis) for _, _, hypothesis in pairs]
    empty = [not reference for reference in references]
    counts = {metric: count_all(references, hypotheses, unit) for metric, unit in METRICS.items()}
    return Score(
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        items=tuple(
            ItemScore(
                id=pair[0],
                counts={metric: counts[metric][index] for metric in METRICS},
                empty_reference=empty[index],
            )
            for index, pair in enumerate(pairs)
        ),
        metrics={metric: summarise(counts[metric], seed=seed) for metric in METRICS},
        empty_references=tuple(pair[0] for pair, nothing in zip(pairs, empty, strict=True) if nothing),
    )


def summarise(counts: Sequence[ErrorCounts], *, seed: int = 0) -> Metric:
    """A corpus rate with its interval from the counts of its utterances.

    Args:
        counts: One an utterance; those without reference units are kept apart (see `Metric.insertions_on_empty`).
        seed: Of the interval.
    """
    spoken = [item for item in counts if item.reference_length]
    return Metric(
        counts=reduce(add, spoken, ErrorCounts()),
        items=len(spoken),
        ci95=bootstrap_rate(
            np.array([item.errors for item in spoken], dtype=np.int64),
            np.array([item.reference_length for item in spoken], dtype=np.int64),
            seed=seed,
        ),
        insertions_on_empty=sum(item.insertions for item in counts if not item.reference_length),
    )


def _align(references: list[list[str]], hypotheses: list[list[str]]) -> list[list[AlignmentChunk]]:
    from jiwer import process_words  # here, so that reading a run's record loads nothing

    def as_it_is(units: list[list[str]]) -> list[list[str]]:
        return units

    # jiwer takes any callable that returns lists of units; its types say lists of sentences. CER and MER are its word
    # alignment over characters and mixed units.
    process = cast("Any", process_words)
    output = process(references, hypotheses, reference_transform=as_it_is, hypothesis_transform=as_it_is)
    return output.alignments


def _edits(reference: list[str], hypothesis: list[str], chunk: AlignmentChunk) -> list[Edit]:
    before = reference[chunk.ref_start_idx : chunk.ref_end_idx]
    after = hypothesis[chunk.hyp_start_idx : chunk.hyp_end_idx]
    length = max(len(before), len(after))
    paired = zip(before or [""] * length, after or [""] * length, strict=True)
    return [Edit(_OPERATIONS[chunk.type], said, heard) for said, heard in paired]


def _add_up(chunks: list[AlignmentChunk]) -> ErrorCounts:
    total = {"equal": 0, "substitute": 0, "delete": 0, "insert": 0}
    for chunk in chunks:
        total[chunk.type] += max(chunk.ref_end_idx - chunk.ref_start_idx, chunk.hyp_end_idx - chunk.hyp_start_idx)
    return ErrorCounts(
        hits=total["equal"],
        substitutions=total["substitute"],
        deletions=total["delete"],
        insertions=total["insert"],
    )
