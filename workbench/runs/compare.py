"""Two runs, item by item, under one ruler."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from workbench.errors import RunError
from workbench.evalsets.corrections import CorrectionNote
from workbench.runs.costs import LEADING_COSTS, CostDifference, compare_costs
from workbench.runs.differences import MetricDifference, judge_together, measure_difference
from workbench.runs.imported import NOT_KNOWN, tell_language_not_known
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord
from workbench.runs.store import StoredRun
from workbench.runs.summary import Counts
from workbench.runs.tags import Group, group_by_tags, labelled
from workbench.scoring.alignment import count_steps, trace_units
from workbench.scoring.clusters import ClusterBy, Clusters, cluster_utterances, tell_doubts
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.matched_pairs import MatchedPairs, compare_traced
from workbench.scoring.score import METRICS
from workbench.text.rulers import MetricName, Ruler, headline_metric
from workbench.text.units import split

DropReason = Literal[
    "missing_in_a", "missing_in_b", "failed_in_a", "failed_in_b", "failed_in_both", "reference_differs"
]


@dataclass(frozen=True, slots=True, kw_only=True)
class TagDifference:
    """The headline rate of both runs over the common items that share a tag's value.

    Attributes:
        tag: "noise".
        value: "babble".
        common: How many items those are.
        difference: One of as many as the tag has values: verdicts hold for all of them together.
    """

    tag: str
    value: str
    common: int
    difference: MetricDifference


@dataclass(frozen=True, slots=True, kw_only=True)
class PairRow:
    """One item in both runs."""

    a: ItemResult
    b: ItemResult
    counts_a: Counts
    counts_b: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """Run B against run A on the items both have.

    Attributes:
        run_a: The baseline.
        run_b: What is held against it.
        ruler: Name and version of what both were scored under.
        ruler_hash: What it was made of.
        headline: The metric that leads in A's language.
        common: Items compared.
        dropped: How many items were left out, by reason; reasons that did not occur are not named.
        metrics: By name.
        cost: Each of `costs.COST_FIGURES` over the common items that were measured in both.
        warnings: Why figures of the two may not be held against each other.
        rows: Every common item, in A's order.
        by_tag: The headline metric by the values of each tag that groups items, and by duration where that is known.
        corrections: What was done to the references of either run before; empty where they are the published ones.
    """

    run_a: str
    run_b: str
    ruler: str
    ruler_hash: str
    headline: MetricName
    common: int
    dropped: Mapping[DropReason, int]
    metrics: Mapping[MetricName, MetricDifference]
    cost: Mapping[str, CostDifference]
    warnings: tuple[str, ...]
    rows: tuple[PairRow, ...]
    by_tag: tuple[TagDifference, ...] = ()
    corrections: tuple[CorrectionNote, ...] = ()

    @property
    def together(self) -> tuple[str, ...]:
        """Error, time and memory, a sentence each; what was not measured is not there."""
        error = f"{self.headline.upper()}: {self.metrics[self.headline].sentence}."
        return (error, *(sentence for name in LEADING_COSTS if (sentence := self.cost[name].sentence)))


def compare_runs(
    a: StoredRun, b: StoredRun, *, ruler: Ruler, cluster_by: ClusterBy | None = None, seed: int = 0
) -> Comparison:
    """Rescore both runs under one ruler and pair their items by id.

    Items that failed or are missing in one, or whose references differ, are left out and counted: a rate is only held
    against another on the same items.

    Args:
        a: The baseline.
        b: What is held against it.
        ruler: What is done to all texts before they are compared.
        cluster_by: What interval and test draw; None is the speaker where items are tagged with enough of them,
            else the recording, else the utterance.
        seed: For interval and test.

    Raises:
        RunError: No item was transcribed in both runs with the same reference.
        UsageError: No item has the tag to draw by.
    """
    pairs, dropped = _paired(a, b)
    if not pairs:
        reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in dropped.items())
        raise RunError(
            f"{a.record.run_id} and {b.record.run_id} have no item in common{f' ({reasons})' if reasons else ''}.",
            hint="Compare runs over the same set.",
        )
    clusters = cluster_utterances([labelled(pair).tags for pair in pairs], by=cluster_by)
    texts = _under(ruler, pairs)
    measured: dict[MetricName, _Measured] = {name: _measure(texts, name, clusters, seed=seed) for name in METRICS}
    rows = tuple(
        PairRow(a=one, b=other, counts_a=_at(place, "counts_a", measured), counts_b=_at(place, "counts_b", measured))
        for place, (one, other) in enumerate(pairs)
    )
    headline = headline_metric(a.record.spec.set_language)
    doubts = tell_doubts(clusters.by, measured[headline].difference.clusters, few=clusters.few)
    return Comparison(
        run_a=a.record.run_id,
        run_b=b.record.run_id,
        ruler=ruler.id,
        ruler_hash=ruler.hash,
        headline=headline,
        common=len(pairs),
        dropped=dropped,
        metrics={name: one.difference for name, one in measured.items()},
        cost=compare_costs(
            [(one.measurement, other.measurement) for one, other in pairs], clusters=clusters, seed=seed
        ),
        warnings=(*_warnings(a, b), *doubts),
        rows=rows,
        by_tag=tuple(_by_tag(rows, headline, by=clusters.by, seed=seed)),
        corrections=tuple(dict.fromkeys(run.corrections for run in (a, b) if run.corrections is not None)),
    )


_Texts = tuple[Sequence[str], Sequence[str], Sequence[str]]  # references, and what A and B heard


def _under(ruler: Ruler, pairs: Sequence[tuple[ItemResult, ItemResult]]) -> _Texts:
    return (
        [ruler.apply(one.reference) for one, _ in pairs],
        [ruler.apply(one.text) for one, _ in pairs],
        [ruler.apply(other.text) for _, other in pairs],
    )


@dataclass(frozen=True, slots=True)
class _Measured:
    """One metric of both runs: each item's counts, and what may be said."""

    counts_a: Sequence[ErrorCounts]
    counts_b: Sequence[ErrorCounts]
    difference: MetricDifference


def _measure(texts: _Texts, name: MetricName, clusters: Clusters, *, seed: int) -> _Measured:
    references, heard_a, heard_b = ([split(text, METRICS[name]) for text in side] for side in texts)
    steps_a, steps_b = trace_units(references, heard_a), trace_units(references, heard_b)
    counts_a, counts_b = ([count_steps(one) for one in side] for side in (steps_a, steps_b))
    difference = measure_difference(
        counts_a, counts_b, clusters=clusters, mapsswe=_mapsswe(references, steps_a, steps_b), seed=seed
    )
    return _Measured(counts_a, counts_b, difference)


def _at(place: int, side: Literal["counts_a", "counts_b"], measured: Mapping[MetricName, _Measured]) -> Counts:
    return {name: getattr(one, side)[place] for name, one in measured.items()}


def _mapsswe(references: Sequence[list[str]], steps_a: Sequence[bytes], steps_b: Sequence[bytes]) -> MatchedPairs:
    """Of the items that have a reference, as all figures beside it."""
    spoken = [place for place, reference in enumerate(references) if reference]
    return compare_traced([steps_a[place] for place in spoken], [steps_b[place] for place in spoken])


def _by_tag(rows: Sequence[PairRow], headline: MetricName, *, by: ClusterBy, seed: int) -> Iterator[TagDifference]:
    groups = group_by_tags([labelled((row.a, row.b)) for row in rows])
    for tag in dict.fromkeys(group.tag for group in groups):
        values = [group for group in groups if group.tag == tag]
        differences = [_of_group(rows, group, headline, by=by, seed=seed) for group in values]
        for group, difference in zip(values, judge_together(differences), strict=True):
            yield TagDifference(tag=tag, value=group.value, common=len(group.places), difference=difference)


def _of_group(
    rows: Sequence[PairRow], group: Group, headline: MetricName, *, by: ClusterBy, seed: int
) -> MetricDifference:
    members = [rows[place] for place in group.places]
    tags = [labelled((row.a, row.b)).tags for row in members]
    # What is drawn of all is drawn of a part, or a part would show more than the whole. But the clips of one speaker
    # are told apart by recording or one by one.
    several = by == "utterance" or len({tag.get(by) for tag in tags}) > 1
    clusters = cluster_utterances(tags, by=by if several else None)
    return measure_difference(
        [row.counts_a[headline] for row in members],
        [row.counts_b[headline] for row in members],
        clusters=clusters,
        seed=seed,
    )


def _paired(a: StoredRun, b: StoredRun) -> tuple[list[tuple[ItemResult, ItemResult]], dict[DropReason, int]]:
    of_a, of_b = ({outcome.id: outcome for outcome in run.outcomes} for run in (a, b))
    pairs: list[tuple[ItemResult, ItemResult]] = []
    dropped = Counter[DropReason]()
    for name in dict.fromkeys((*of_a, *of_b)):
        pair = _pair(of_a.get(name), of_b.get(name))
        if isinstance(pair, str):
            dropped[pair] += 1
        else:
            pairs.append(pair)
    return pairs, dict(dropped)


def _pair(a: ItemOutcome | None, b: ItemOutcome | None) -> tuple[ItemResult, ItemResult] | DropReason:
    if a is None:
        return "missing_in_a"
    if b is None:
        return "missing_in_b"
    if isinstance(a, ItemFailure):
        return "failed_in_both" if isinstance(b, ItemFailure) else "failed_in_a"
    if isinstance(b, ItemFailure):
        return "failed_in_b"
    return (a, b) if a.reference == b.reference else "reference_differs"


def _warnings(a: StoredRun, b: StoredRun) -> Iterator[str]:
    one, other = a.record, b.record
    for name in ("cpu", "gpus"):
        if one.environment.get(name) != other.environment.get(name):
            yield "The runs were made on different machines: their times and memory are not comparable."
            break
    if one.spec.batch_size != other.spec.batch_size:
        yield (
            f"The runs decoded {one.spec.batch_size} and {other.spec.batch_size} clips at a time: "
            "their times for one clip are not comparable."
        )
    if _at_once(one) != _at_once(other):
        yield (
            f"{_at_once(one)} and {_at_once(other)} engines worked at once: the runs' times are of different ways of "
            "working."
        )
    if imported := [name for name, run in (("A", one), ("B", other)) if run.spec.language == NOT_KNOWN]:
        yield tell_language_not_known(imported)
    elif one.spec.language != other.spec.language:
        yield f"The engine was told language {one.spec.language!r} in A and {other.spec.language!r} in B."
    for letter, run in (("A", a), ("B", b)):
        if run.missing:
            yield f"Run {letter} is not complete: {run.missing} of its {run.record.spec.items} items were not done."


def _at_once(record: RunRecord) -> int:
    """How many engines worked side by side."""
    return (record.environment.get("execution") or {}).get("workers", 1)
