"""Verbs that make and score runs: bench, score."""

from __future__ import annotations

import inspect
from argparse import Namespace
from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

from workbench import services
from workbench.cli.arguments import pairs, passed_on
from workbench.cli.console import Console
from workbench.cli.tables import (
    METRIC_COLUMNS,
    cost_lines,
    item_line,
    metric_rows,
    total_lines,
)
from workbench.errors import UsageError, WorkbenchError
from workbench.runs.records import ItemFailure, ItemResult, RunEvent, RunStarted
from workbench.runs.report import run_csv, run_json
from workbench.runs.summary import RunSummary
from workbench.runs.texts import TextScore
from workbench.scoring.score import Metric
from workbench.storage import write_output
from workbench.text.rulers import MetricName, find_ruler

LONG_SECONDS = 60.0
"""From here on it is said beforehand what a run will take."""
UNITS: dict[str, MetricName] = {"word": "wer", "char": "cer", "mixed": "mer"}


def bench(arguments: Namespace, console: Console) -> int:
    """Transcribe labelled sets, metered, and score the run.

    Raises:
        WorkbenchError: The run could not begin, or broke off.
    """
    check_ruler(arguments.ruler)
    csv = _csv_path(arguments.csv)
    told, chosen = RunTeller(console), run_arguments(arguments)
    _foretell(chosen, console)
    with console.progress("bench") as advance, closing(services.bench_events(**chosen)) as events:
        for event in events:
            told.tell(event, advance)
    summary = services.summary(told.run_id, ruler=arguments.ruler)
    if csv is not None:
        _write(csv, run_csv(summary), console)
    _show(summary, console)
    return _run_code(summary)


def _foretell(chosen: Mapping[str, Any], console: Console) -> None:
    """What a long run will take, by earlier ones here; an engine is not probed for it."""
    asked = {name: chosen[name] for name in inspect.signature(services.estimate).parameters if name in chosen}
    try:
        expected = services.estimate(**asked, probe=False)
    except WorkbenchError:  # nothing like it was run here, or the benchmark itself will say what is wrong
        return
    if expected.wall_seconds >= LONG_SECONDS:
        for sentence in expected.sentences[1:]:
            console.note(sentence)


class RunTeller:
    """Tells run events one line each."""

    def __init__(self, console: Console) -> None:
        self.run_id = ""
        self._console = console
        self._done = 0
        self._total = 0

    def tell(self, event: RunEvent, advance: Any) -> None:
        """Say one event, and how far the run is."""
        if isinstance(event, RunStarted):
            self.run_id, self._total, self._done = event.run_id, event.total, 0
            kept = f", {event.done} of them done before" if event.done else ""
            self._console.note(f"Run {event.run_id}: {event.total} clips{kept}.")
        elif isinstance(event, ItemResult | ItemFailure):
            self._done += 1
            self._console.note(f"[{self._done}/{self._total}] {item_line(event)}")
        advance(self._done, self._total)


def run_arguments(arguments: Namespace) -> dict[str, Any]:
    """What a benchmark is asked for on the command line."""
    chosen = passed_on(arguments, services.bench_events)
    return chosen | {
        "sets": arguments.sets,
        "options": pairs(arguments.options, "--option"),
        "where": pairs(arguments.where, "--where"),
    }


def _run_code(summary: RunSummary) -> int:
    return 0 if summary.status == "success" and summary.failed == 0 else 1


def _show(summary: RunSummary, console: Console) -> None:
    console.document(run_json(summary))
    console.say(f"Run {summary.run_id}: {summary.status}")
    if summary.error:
        console.say(summary.error)
    console.table(METRIC_COLUMNS, metric_rows(summary.metrics, summary.headline, summary.ruler, summary.ruler_hash))
    for line in (*total_lines(summary), *cost_lines(summary.measurement)):
        console.say(line)
    for warning in summary.warnings:
        console.note(f"warning: {warning}")


def score(arguments: Namespace, console: Console) -> int:
    """Score a stored run, or one file of texts against another.

    Raises:
        UsageError: Neither a run nor two files.
        WorkbenchError: They cannot be read.
    """
    scored = services.score(arguments.run, **passed_on(arguments, services.score))
    only = UNITS.get(arguments.unit)
    if isinstance(scored, TextScore):
        return _show_texts(scored, only, console)
    document = run_json(scored)
    metrics = _only(scored.metrics, only)
    document["metrics"] = {name: document["metrics"][name] for name in metrics}
    console.document(document)
    console.table(METRIC_COLUMNS, metric_rows(metrics, scored.headline, scored.ruler, scored.ruler_hash))
    for line in total_lines(scored):
        console.say(line)
    for warning in scored.warnings:
        console.note(f"warning: {warning}")
    return _run_code(scored)


def _only(metrics: Mapping[MetricName, Metric], only: MetricName | None) -> dict[MetricName, Metric]:
    return dict(metrics) if only is None else {only: metrics[only]}


def _show_texts(scored: TextScore, only: MetricName | None, console: Console) -> int:
    found = scored.score
    metrics = _only(found.metrics, only)
    console.document(
        {
            "ruler": found.ruler,
            "ruler_hash": found.ruler_hash,
            "scored": len(found.items),
            "missing": list(scored.missing),
            "unexpected": list(scored.unexpected),
            "empty_references": list(found.empty_references),
            "metrics": {name: metric.as_json() for name, metric in metrics.items()},
        }
    )
    console.table(METRIC_COLUMNS, metric_rows(metrics, None, found.ruler, found.ruler_hash))
    console.say(f"Scored {len(found.items)} texts.")
    _warn(scored.missing, "have no hypothesis and count as empty", console)
    _warn(scored.unexpected, "have no reference", console)
    return 0


def _warn(ids: Sequence[str], what: str, console: Console) -> None:
    if ids:
        more = f" and {len(ids) - 10} more" if len(ids) > 10 else ""
        console.note(f"warning: {len(ids)} ids {what}: {', '.join(ids[:10])}{more}")


def check_ruler(ruler: str | None) -> None:
    """A misspelt ruler is said before the work, not after it."""
    if ruler is not None:
        find_ruler(ruler)


def _csv_path(name: str | None) -> Path | None:
    if name is None:
        return None
    path = Path(name)
    if path.is_dir() or not path.absolute().parent.is_dir():
        raise UsageError(f"{name} cannot be written.", hint="Name a file in a folder that exists.")
    return path


def _write(path: Path, text: str, console: Console) -> None:
    write_output(path, text.encode())
    console.note(f"Wrote {path}.")
