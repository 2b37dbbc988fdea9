"""Texts against texts: alignments, counts, rates."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import compress
from typing import Any

import numpy as np

from workbench.scoring.alignment import Edit, align_units, count_units
from workbench.scoring.clusters import ClusterBy, Clusters
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.interval import bootstrap_rate
from workbench.text.rulers import MetricName, Ruler
from workbench.text.units import Unit, join_characters, mixed_as, split

Pair = tuple[str, str, str]
"""An item's id, its reference, and what was recognised."""

METRICS: Mapping[MetricName, Unit] = {"wer": "word", "cer": "char", "mer": "mixed"}
"""The unit of each rate."""

_Alike = dict[tuple[ErrorCounts, ...], Mapping[MetricName, ErrorCounts]]
_BATCH = 5000  # utterances split at once: a character in a list takes twenty times the memory it takes in a text


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
        ci95: 95 % interval over clusters; None with fewer than two.
        clusters: Units of chance: how many there are of what was drawn, among utterances that have a reference.
        cluster_by: What was drawn: utterances, or whole speakers or recordings.
        insertions_on_empty: Units recognised where the reference is empty (noise, silence). They belong to no
            reference unit, so they are in neither `counts` nor `rate`.
    """

    counts: ErrorCounts
    items: int
    ci95: tuple[float, float] | None
    clusters: int
    cluster_by: ClusterBy = "utterance"
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
    """Edit operations that turn one text into another, as sclite finds them; no ruler is applied.

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
        said, heard = (side[start : start + _BATCH] for side in (references, hypotheses))
        if unit == "char":
            counted += count_units(list(map(join_characters, said)), list(map(join_characters, heard)))
        else:
            counted += count_units([split(text, unit) for text in said], [split(text, unit) for text in heard])
    return counted


def count_each(references: Sequence[str], hypotheses: Sequence[str]) -> dict[MetricName, list[ErrorCounts]]:
    """`count_all` for every rate. Mixed units that are a pair's words or its characters are not counted again.

    Raises:
        ValueError: Not as many hypotheses as references.
    """
    words = count_all(references, hypotheses, "word")
    characters = count_all(references, hypotheses, "char")
    mixed = list(characters)
    left: list[int] = []
    for place, pair in enumerate(zip(references, hypotheses, strict=True)):
        same = mixed_as(pair[0]) & mixed_as(pair[1])
        if "word" in same:
            mixed[place] = words[place]
        elif "char" not in same:
            left.append(place)
    rest = count_all([references[place] for place in left], [hypotheses[place] for place in left], "mixed")
    for place, counts in zip(left, rest, strict=True):
        mixed[place] = counts
    return {"wer": words, "cer": characters, "mer": mixed}


def align(reference: str, hypothesis: str, unit: Unit) -> list[Edit]:
    """The alignment of two texts that sclite takes, unit by unit; its counts are those of `count`."""
    return align_units([split(reference, unit)], [split(hypothesis, unit)])[0]


def score(pairs: Sequence[Pair], ruler: Ruler, *, clusters: Clusters | None = None, seed: int = 0) -> Score:
    """Word, character and mixed error rate of a corpus.

    An item whose reference is empty under the ruler has no error rate: it is named in `empty_references`, and what was
    recognised there is counted in each metric's `insertions_on_empty`, not in its rate.

    Args:
        pairs: Id, reference and hypothesis of each item; ids are not looked at and may repeat.
        ruler: Applied to both sides.
        clusters: Which items the intervals draw together; None draws one by one.
        seed: Of the intervals.
    """
    items: list[ItemScore] = []
    alike: _Alike = {}
    for start in range(0, len(pairs), _BATCH):
        items += _score_some(pairs[start : start + _BATCH], ruler, alike)
    return Score(
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        items=tuple(items),
        metrics={
            metric: summarise([item.counts[metric] for item in items], clusters=clusters, seed=seed)
            for metric in METRICS
        },
        empty_references=tuple(item.id for item in items if item.empty_reference),
    )


def _score_some(pairs: Sequence[Pair], ruler: Ruler, alike: _Alike) -> Iterator[ItemScore]:
    """Each item's counts. Items that have the same share them, in `alike`: that halves what they take."""
    references = [ruler.apply(reference) for _, reference, _ in pairs]
    hypotheses = [ruler.apply(hypothesis) for _, _, hypothesis in pairs]
    counts = count_each(references, hypotheses)
    each = zip(*(counts[metric] for metric in METRICS), strict=True)
    for pair, reference, several in zip(pairs, references, each, strict=True):
        shared = alike.setdefault(several, dict(zip(METRICS, several, strict=True)))
        yield ItemScore(id=pair[0], counts=shared, empty_reference=not reference)


def summarise(counts: Sequence[ErrorCounts], *, clusters: Clusters | None = None, seed: int = 0) -> Metric:
    """A corpus rate with its interval from the counts of its utterances.

    Args:
        counts: One an utterance; those without reference units are kept apart (see `Metric.insertions_on_empty`).
        clusters: Which utterances the interval draws together; None draws one by one.
        seed: Of the interval.
    """
    table = np.array([(one.hits, one.substitutions, one.deletions, one.insertions) for one in counts], dtype=np.int64)
    table = table.reshape(-1, 4)
    errors, lengths = table[:, 1:].sum(axis=1), table[:, :3].sum(axis=1)
    spoken = lengths > 0
    drawn = list(compress(range(len(counts)) if clusters is None else clusters.labels, spoken))
    hits, substitutions, deletions, insertions = table[spoken].sum(axis=0).tolist()
    return Metric(
        counts=ErrorCounts(hits=hits, substitutions=substitutions, deletions=deletions, insertions=insertions),
        items=len(drawn),
        ci95=bootstrap_rate(errors[spoken], lengths[spoken], clusters=drawn, seed=seed),
        clusters=len(set(drawn)),
        cluster_by="utterance" if clusters is None else clusters.by,
        insertions_on_empty=int(table[~spoken, 3].sum()),
    )
