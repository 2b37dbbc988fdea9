"""A run in figures: scored under a ruler, totals by adding counts."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.evalsets.corrections import CorrectionNote
from workbench.pipeline.measurement import Measurement, combined
from workbench.runs.records import ItemFailure, ItemResult, RunRecord, Status
from workbench.runs.store import StoredRun
from workbench.runs.tags import group_by_tags
from workbench.scoring.clusters import ClusterBy, cluster_utterances, tell_doubts
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import METRICS, Metric, score
from workbench.text.rulers import MetricName, Ruler, headline_metric

Counts = Mapping[MetricName, ErrorCounts]


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemRow:
    """One scored item: what it was, what was heard and what it cost, and its counts by metric."""

    result: ItemResult
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class TagRow:
    """The items that share a tag's value.

    Attributes:
        tag: "noise".
        value: "babble".
        scored: How many of them were scored.
        failed: How many failed.
        counts: The added counts of those that have a reference under the ruler.
    """

    tag: str
    value: str
    scored: int
    failed: int
    counts: Counts


@dataclass(frozen=True, slots=True, kw_only=True)
class RunSummary:
    """A run, scored.

    Attributes:
        run_id: Which run.
        status: How it ended, or `started`.
        error: Why it ended with `error`; empty otherwise.
        eval_set: Name of the set.
        total: Items in the set.
        scored: Items that were transcribed, and so scored.
        failed: Items that were tried and failed; the others of `total` were not come to.
        ruler: Its name and version: "zh@1".
        ruler_hash: What it was made of.
        metrics: By name: counts, rate and its 95 % interval.
        headline: The metric that leads in the set's language.
        measurement: Times added and peaks over all scored items, with the run's own `wall_seconds`; None where nothing
            was scored.
        empty_references: Ids of scored items without a rate, since nothing is left of their reference under the ruler.
        by_tag: Counts by the values of each tag that groups items, and by duration where that is known.
        rows: Every scored item.
        failures: Every failed one.
        corrections: What was done to the references before; None where they are the published ones.
        cluster_by: What the intervals draw: utterances, or whole speakers or recordings.
        clusters: How many there are of it among the scored items.
        warnings: Why the intervals may promise too much.
    """

    run_id: str
    status: Status
    error: str
    eval_set: str
    total: int
    scored: int
    failed: int
    ruler: str
    ruler_hash: str
    metrics: Mapping[MetricName, Metric]
    headline: MetricName
    measurement: Measurement | None
    empty_references: tuple[str, ...]
    by_tag: tuple[TagRow, ...]
    rows: tuple[ItemRow, ...]
    failures: tuple[ItemFailure, ...]
    corrections: CorrectionNote | None = None
    cluster_by: ClusterBy = "utterance"
    clusters: int = 0
    warnings: tuple[str, ...] = ()


def summarise(run: StoredRun, *, ruler: Ruler, seed: int = 0) -> RunSummary:
    """Score a run from its stored texts; no engine, no audio and no torch is needed.

    Args:
        run: Finished or not.
        ruler: What is done to both texts before they are compared.
        seed: For the bootstrap.
    """
    record = run.record
    results = [outcome for outcome in run.outcomes if isinstance(outcome, ItemResult)]
    failures = tuple(outcome for outcome in run.outcomes if isinstance(outcome, ItemFailure))
    clusters = cluster_utterances([one.tags for one in results])
    scored = score([(one.id, one.reference, one.text) for one in results], ruler, clusters=clusters, seed=seed)
    drawn = scored.metrics[headline_metric(record.spec.set_language)].clusters
    rows = tuple(ItemRow(result=one, counts=item.counts) for one, item in zip(results, scored.items, strict=True))
    return RunSummary(
        run_id=record.run_id,
        status=record.status,
        error=record.error,
        eval_set=record.spec.eval_set,
        total=record.spec.items,
        scored=len(results),
        failed=len(failures),
        ruler=scored.ruler,
        ruler_hash=scored.ruler_hash,
        metrics=scored.metrics,
        headline=headline_metric(record.spec.set_language),
        measurement=_measurement(record, results),
        empty_references=scored.empty_references,
        by_tag=tuple(_by_tag(rows, failures)),
        rows=rows,
        failures=failures,
        corrections=run.corrections,
        cluster_by=clusters.by,
        clusters=drawn,
        warnings=tuple(tell_doubts(clusters.by, drawn, few=clusters.few)),
    )


def add_counts(several: Sequence[Counts]) -> Counts:
    """Counts of several items as one, metric by metric. Items without a reference have no rate to add to."""
    total = dict.fromkeys(METRICS, ErrorCounts())
    for counts in several:
        for name, one in counts.items():
            if one.reference_length:
                total[name] += one
    return total


def _measurement(record: RunRecord, results: Sequence[ItemResult]) -> Measurement | None:
    total = combined(result.measurement for result in results)
    if total is None or record.wall_seconds is None:
        return total
    return replace(total, wall_seconds=record.wall_seconds)


def _by_tag(rows: Sequence[ItemRow], failures: Sequence[ItemFailure]) -> Iterator[TagRow]:
    for group in group_by_tags([*(row.result for row in rows), *failures]):
        members = [rows[place].counts for place in group.places if place < len(rows)]
        yield TagRow(
            tag=group.tag,
            value=group.value,
            scored=len(members),
            failed=len(group.places) - len(members),
            counts=add_counts(members),
        )
