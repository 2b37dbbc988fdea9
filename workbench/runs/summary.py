"""A run in figures: scored under a ruler, totals by adding counts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from workbench.evalsets.selection import tag_text
from workbench.pipeline.measurement import Measurement, combined
from workbench.runs.records import ItemFailure, ItemOutcome, ItemResult, RunRecord, Status
from workbench.runs.store import StoredRun
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.score import METRICS, Metric, score
from workbench.text.rulers import MetricName, Ruler, headline_metric

MOST_TAG_VALUES = 24
"""A tag with more values than this labels items rather than groups them."""

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
        by_tag: Counts by the values of each tag that groups items.
        rows: Every scored item.
        failures: Every failed one.
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
    scored = score([(one.id, one.reference, one.text) for one in results], ruler, seed=seed)
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
    for tag, values in _groups([*(row.result for row in rows), *failures]).items():
        for value in values:
            members = [row.counts for row in rows if _value(row.result, tag) == value]
            failed = sum(_value(failure, tag) == value for failure in failures)
            yield TagRow(tag=tag, value=value, scored=len(members), failed=failed, counts=add_counts(members))


def _groups(outcomes: Sequence[ItemOutcome]) -> dict[str, list[str]]:
    """Tags that group: of two values or more, not too many, and not one of its own for each item."""
    tags = dict.fromkeys(tag for outcome in outcomes for tag in outcome.tags)
    sizes = {tag: Counter(value for one in outcomes if (value := _value(one, tag)) is not None) for tag in tags}
    return {
        tag: list(size) for tag, size in sizes.items() if 2 <= len(size) <= MOST_TAG_VALUES and max(size.values()) > 1
    }


def _value(outcome: ItemOutcome, tag: str) -> str | None:
    return tag_text(outcome.tags[tag]) if tag in outcome.tags else None
