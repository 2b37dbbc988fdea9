"""Comparisons and leaderboards as CSV. Texts that begin like a formula are guarded; see `runs.spreadsheet`."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from workbench.runs.compare import Comparison, PairRow
from workbench.runs.differences import MetricDifference
from workbench.runs.ranking import Ranking, RankRow
from workbench.runs.spreadsheet import guarded
from workbench.runs.sweep_table import SweepRow, SweepTable
from workbench.scoring.score import METRICS, Metric
from workbench.text.rulers import MetricName

_COUNTS = ("rate", "errors", "substitutions", "deletions", "insertions", "reference_length")


def write_sheet(columns: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> str:
    """Rows under named columns; an empty cell stands for None and for what a row has not.

    Texts are guarded, numbers are written as they are: −1 is a number to a spreadsheet, and no formula.
    """
    several = [list(columns), *([row.get(column) for column in columns] for row in rows)]
    return "".join(_line([guarded(cell) if isinstance(cell, str) else cell for cell in cells]) for cells in several)


def _line(cells: Sequence[Any]) -> str:
    """One row. The writer quotes cells for the characters of its own line end only, and a reader splits at either."""
    buffer = io.StringIO(newline="")
    csv.writer(buffer, lineterminator="\r\n").writerow(cells)
    return f"{buffer.getvalue()[:-2]}\n"


def comparison_csv(found: Comparison) -> str:
    """A row a clip that both runs have: both texts, both runs' counts and the difference of their errors, tags."""
    tags = list(dict.fromkeys(tag for row in found.rows for tag in row.a.tags))
    counts = [f"{name}_{count}" for name in METRICS for count in _COUNTS]
    columns = [
        *("id", "reference", "text_a", "text_b", "run_a", "run_b", "ruler", "ruler_hash", "corrections"),
        *(f"{count}_{side}" for count in counts for side in ("a", "b")),
        *(f"{name}_errors_b_minus_a" for name in METRICS),
        *(f"tag_{tag}" for tag in tags),
    ]
    named = {"run_a": found.run_a, "run_b": found.run_b, "ruler": found.ruler, "ruler_hash": found.ruler_hash}
    named["corrections"] = " ".join(note.hash for note in found.corrections)
    return write_sheet(columns, (named | _pair(row) for row in found.rows))


def _pair(row: PairRow) -> dict[str, Any]:
    cells: dict[str, Any] = {"id": row.a.id, "reference": row.a.reference, "text_a": row.a.text, "text_b": row.b.text}
    for name in METRICS:
        a, b = row.counts_a[name], row.counts_b[name]
        for count in _COUNTS:
            cells |= {f"{name}_{count}_a": getattr(a, count), f"{name}_{count}_b": getattr(b, count)}
        cells[f"{name}_errors_b_minus_a"] = b.errors - a.errors
    return cells | {f"tag_{tag}": value for tag, value in row.a.tags.items()}


def ranking_csv(found: Ranking) -> str:
    """A row a run, the lowest rate first: rates with intervals, what may be said against the baseline, cost."""
    against = ("delta", "ci95_low", "ci95_high", "p_value", "verdict", "wins", "losses", "ties", "sentence")
    costs = ("wall_seconds", "rtf", "gpu_seconds", "peak_gpu_bytes", "peak_rss_bytes")
    columns = [
        *("place", "run_id", "engine", "model_id", "chain", "eval_set", "ruler", "ruler_hash", "corrections", "clips"),
        *(f"{name}_{count}" for name in METRICS for count in (*_COUNTS, "ci95_low", "ci95_high")),
        *(f"{found.metric}_against_baseline_{name}" for name in against),
        *costs,
        "lacking",
    ]
    named: dict[str, Any] = {"ruler": found.ruler, "ruler_hash": found.ruler_hash, "clips": found.common}
    named["corrections"] = " ".join(note.hash for note in found.corrections)
    return write_sheet(columns, (named | _run(row, found.metric, costs) for row in found.rows))


def sweep_csv(found: SweepTable) -> str:
    """A row for each setting on each set, and before them one for all sets together."""
    difference = ("delta", "p_value", "verdict", "wins", "losses", "ties", "sentence")
    columns = [
        *("place", "engine", "chain", "set", "run_id", "metric", *_COUNTS, "ci95_low", "ci95_high"),
        *(f"against_baseline_{name}" for name in ("delta", "ci95_low", "ci95_high", *difference[1:])),
        *("rtf", "peak_rss_bytes", "peak_gpu_bytes", "best"),
    ]
    return write_sheet(columns, (cells for row in found.rows for cells in _setting(row, found.metric, difference)))


def _setting(row: SweepRow, metric: MetricName, difference: Sequence[str]) -> Iterator[dict[str, Any]]:
    named = {"place": row.rank.place, "engine": row.setting.engine, "chain": row.setting.chain}
    costs = {name: getattr(row.rank.cost, name) for name in ("rtf", "peak_rss_bytes", "peak_gpu_bytes")}
    yield (
        named
        | {"set": "", "metric": metric, "best": " ".join(sorted(row.best))}
        | _rate(row.rank.metrics[metric])
        | _against(row.rank.against_baseline, difference)
        | costs
    )
    for one in row.sets:
        yield (
            named
            | {"set": one.eval_set, "run_id": one.run_id, "metric": one.metric}
            | _rate(one.rate)
            | _against(one.difference, difference)
        )


def _rate(metric: Metric) -> dict[str, Any]:
    return {name: getattr(metric.counts, name) for name in _COUNTS} | _bounds("ci95", metric.ci95)


def _against(one: MetricDifference | None, names: Sequence[str]) -> dict[str, Any]:
    if one is None:
        return {}
    cells = {f"against_baseline_{name}": getattr(one, name) for name in names}
    return cells | _bounds("against_baseline_ci95", one.ci95)


def _run(row: RankRow, metric: str, costs: Sequence[str]) -> dict[str, Any]:
    named = ("place", "run_id", "engine", "model_id", "chain", "eval_set", "lacking")
    cells: dict[str, Any] = {name: getattr(row, name) for name in named}
    for name, one in row.metrics.items():
        cells |= {f"{name}_{count}": getattr(one.counts, count) for count in _COUNTS}
        cells |= _bounds(f"{name}_ci95", one.ci95)
    if (one := row.against_baseline) is not None:
        several = ("delta", "p_value", "verdict", "wins", "losses", "ties", "sentence")
        cells |= {f"{metric}_against_baseline_{name}": getattr(one, name) for name in several}
        cells |= _bounds(f"{metric}_against_baseline_ci95", one.ci95)
    return cells | {name: getattr(row.cost, name) for name in costs}


def _bounds(name: str, interval: tuple[float, float] | None) -> dict[str, float]:
    return {} if interval is None else {f"{name}_low": interval[0], f"{name}_high": interval[1]}
