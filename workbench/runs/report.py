"""Runs and comparisons as the documents that every door hands out: JSON for programs, CSV for tables."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict
from typing import Any

from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import Comparison
from workbench.runs.records import ItemOutcome
from workbench.runs.summary import Counts, RunSummary
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
        "measurement": measurement_json(summary.measurement),
        "empty_references": list(summary.empty_references),
        "failures": [{"id": one.id, "error": one.error, "message": one.message} for one in summary.failures],
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
        "warnings": list(found.warnings),
    }


def run_csv(summary: RunSummary) -> str:
    """A row a clip, failed ones last: texts, counts under the ruler, cost, tags; an empty cell stands for None."""
    tags = list(dict.fromkeys(tag for outcome in _outcomes(summary) for tag in outcome.tags))
    columns = [
        *("id", "reference", "text", "language", "finish", "error", "ruler", "ruler_hash"),
        *(f"{name}_{count}" for name in METRICS for count in _COUNTS),
        *_COSTS,
        "warnings",
        *(f"tag_{tag}" for tag in tags),
    ]
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, columns, lineterminator="\n")
    writer.writeheader()
    for row in summary.rows:
        result = row.result
        heard = {name: getattr(result, name) for name in ("text", "language", "finish")}
        cost = {name: getattr(result.measurement, name, None) for name in _COSTS}
        warnings = {"warnings": " ".join(result.warnings)}
        writer.writerow(_labels(result, summary) | heard | cost | warnings | _counts(row.counts))
    for failure in summary.failures:
        writer.writerow(_labels(failure, summary) | {"error": failure.message})
    return buffer.getvalue()


def _outcomes(summary: RunSummary) -> Iterable[ItemOutcome]:
    yield from (row.result for row in summary.rows)
    yield from summary.failures


def _labels(outcome: ItemOutcome, summary: RunSummary) -> dict[str, Any]:
    tags = {f"tag_{tag}": value for tag, value in outcome.tags.items()}
    ruler = {"ruler": summary.ruler, "ruler_hash": summary.ruler_hash}
    return {"id": outcome.id, "reference": outcome.reference, **ruler, **tags}


def _counts(counts: Counts) -> dict[str, Any]:
    return {f"{name}_{count}": getattr(one, count) for name, one in counts.items() for count in _COUNTS}
