"""Runs and comparisons as the documents that every door hands out: JSON for programs, CSV for tables."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import Comparison
from workbench.runs.differences import MetricDifference
from workbench.runs.ranking import Ranking
from workbench.runs.records import ItemOutcome
from workbench.runs.reporting.sheets import write_sheet
from workbench.runs.summary import Counts, RunSummary
from workbench.runs.sweep_table import SweepTable
from workbench.scoring.score import METRICS

_COSTS = (
    *("wall_seconds", "cpu_seconds", "gpu_seconds", "rtf", "peak_gpu_bytes", "peak_gpu_reserved_bytes"),
    *("peak_gpu_process_bytes", "peak_rss_bytes", "audio_seconds", "batch_size", "kind"),
)
_COUNTS = ("rate", "errors", "substitutions", "deletions", "insertions", "hits", "reference_length")


def run_json(summary: RunSummary) -> dict[str, Any]:
    """What `bench --json` and `score RUN --json` say of a run; clips are not in it, failures are."""
    return {
        "run_id": summary.run_id,
        "status": summary.status,
        "error": summary.error,
        "eval_set": summary.eval_set,
        "total": summary.total,
        "scored": summary.scored,
        "failed": summary.failed,
        "ruler": summary.ruler,
        "ruler_hash": summary.ruler_hash,
        "metrics": {name: metric.as_json() for name, metric in summary.metrics.items()},
        "headline": summary.headline,
        "cluster_by": summary.cluster_by,
        "clusters": summary.clusters,
        "warnings": list(summary.warnings),
        "measurement": measurement_json(summary.measurement),
        "empty_references": list(summary.empty_references),
        "failures": [{"id": one.id, "error": one.error, "message": one.message} for one in summary.failures],
        "corrections": None if summary.corrections is None else asdict(summary.corrections),
    }


def measurement_json(measurement: Measurement | None) -> dict[str, Any] | None:
    """A measurement with its real-time factor; what was not measured is None."""
    return None if measurement is None else {**asdict(measurement), "rtf": measurement.rtf}


def comparison_json(found: Comparison) -> dict[str, Any]:
    """What `compare --json` says."""
    return {
        "run_a": found.run_a,
        "run_b": found.run_b,
        "ruler": found.ruler,
        "ruler_hash": found.ruler_hash,
        "headline": found.headline,
        "common": found.common,
        "dropped": dict(found.dropped),
        "metrics": {name: asdict(metric) for name, metric in found.metrics.items()},
        "cost": {name: asdict(cost) for name, cost in found.cost.items()},
        "together": list(found.together),
        "warnings": list(found.warnings),
        "by_tag": [
            {"tag": one.tag, "value": one.value, "common": one.common, **asdict(one.difference)} for one in found.by_tag
        ],
        "corrections": [asdict(note) for note in found.corrections],
    }


def ranking_json(found: Ranking) -> dict[str, Any]:
    """What `compare --json` says of three runs and more."""
    return {
        "metric": found.metric,
        "ruler": found.ruler,
        "ruler_hash": found.ruler_hash,
        "baseline": found.baseline,
        "leader": found.leader,
        "common": found.common,
        "dropped": dict(found.dropped),
        "cluster_by": found.cluster_by,
        "clusters": found.clusters,
        "runs": [
            {
                "place": row.place,
                "run_id": row.run_id,
                "eval_set": row.eval_set,
                "engine": row.engine,
                "model_id": row.model_id,
                "chain": row.chain,
                "metrics": {name: metric.as_json() for name, metric in row.metrics.items()},
                "cost": asdict(row.cost),
                "lacking": row.lacking,
                "against_baseline": _difference_json(row.against_baseline),
                "against_leader": _difference_json(row.against_leader),
            }
            for row in found.rows
        ],
        "warnings": list(found.warnings),
        "corrections": [asdict(note) for note in found.corrections],
    }


def sweep_json(found: SweepTable) -> list[dict[str, Any]]:
    """What `sweep --json` says: the settings in order; `run_id` where there is one set, `sets` has them all."""
    return [
        {
            "sweep_id": found.record.sweep_id,
            "place": row.rank.place,
            "engine": row.setting.engine,
            "chain": row.setting.chain,
            **run_json(row.summary),
            "run_id": row.sets[0].run_id if len(row.sets) == 1 else None,
            "against": None if row.against is None else comparison_json(row.against),
            "cost": asdict(row.rank.cost),
            "best": sorted(row.best),
            "sets": [
                {
                    "set": one.eval_set,
                    "run_id": one.run_id,
                    "metric": one.metric,
                    **one.rate.as_json(),
                    "against": _difference_json(one.difference),
                }
                for one in row.sets
            ],
        }
        for row in found.rows
    ]


def _difference_json(difference: MetricDifference | None) -> dict[str, Any] | None:
    return None if difference is None else asdict(difference)


def run_csv(summary: RunSummary) -> str:
    """A row a clip, failed ones last: texts, counts under the ruler, cost, tags; an empty cell stands for None.

    Texts that begin like a formula have an apostrophe in front; `runs.spreadsheet.unguarded` takes it off.
    """
    tags = list(dict.fromkeys(tag for outcome in _outcomes(summary) for tag in outcome.tags))
    columns = [
        *("id", "reference", "text", "language", "finish", "error", "ruler", "ruler_hash", "corrections"),
        *(f"{name}_{count}" for name in METRICS for count in _COUNTS),
        *_COSTS,
        "warnings",
        *(f"tag_{tag}" for tag in tags),
    ]
    return write_sheet(columns, _cells(summary))


def _cells(summary: RunSummary) -> Iterable[dict[str, Any]]:
    for row in summary.rows:
        result = row.result
        heard = {name: getattr(result, name) for name in ("text", "language", "finish")}
        cost = {name: getattr(result.measurement, name, None) for name in _COSTS}
        warnings = {"warnings": " ".join(result.warnings)}
        yield _labels(result, summary) | heard | cost | warnings | _counts(row.counts)
    for failure in summary.failures:
        yield _labels(failure, summary) | {"error": failure.message}


def _outcomes(summary: RunSummary) -> Iterable[ItemOutcome]:
    yield from (row.result for row in summary.rows)
    yield from summary.failures


def _labels(outcome: ItemOutcome, summary: RunSummary) -> dict[str, Any]:
    tags = {f"tag_{tag}": value for tag, value in outcome.tags.items()}
    note = summary.corrections
    ruler = {"ruler": summary.ruler, "ruler_hash": summary.ruler_hash, "corrections": note.hash if note else ""}
    return {"id": outcome.id, "reference": outcome.reference, **ruler, **tags}


def _counts(counts: Counts) -> dict[str, Any]:
    return {f"{name}_{count}": getattr(one, count) for name, one in counts.items() for count in _COUNTS}
