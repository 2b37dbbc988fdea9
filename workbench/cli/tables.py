"""Results as rows of text; no figure without the ruler it was measured with."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import Comparison
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.summary import RunSummary
from workbench.runs.sweep_table import SweepRow, SweepTable
from workbench.scoring.score import Metric
from workbench.scoring.verdicts import say_units
from workbench.text.rulers import MetricName

NOTHING = "–"
_MIB = 1024**2

METRIC_COLUMNS = ("measure", "rate", "95 % interval", "errors", "sub", "del", "ins", "units", "ruler")
COMPARISON_COLUMNS = ("measure", "A", "B", "B − A", "95 % interval", "p", "verdict", "ruler")
SWEEP_COLUMNS = (
    *("place", "engine", "chain", "measure", "rate", "95 % interval", "against the baseline", "p", "won:lost"),
    *("RTF", "memory", "best", "scored", "ruler"),
)
SET_COLUMNS = ("set", "setting", "measure", "rate", "95 % interval", "against the baseline", "run")


def item_line(outcome: ItemResult | ItemFailure) -> str:
    """One clip of a run: what was heard and what it took, or why it failed."""
    if isinstance(outcome, ItemFailure):
        return f"{outcome.id}  failed: {outcome.message}"
    cost = outcome.measurement
    if cost is None:
        return f"{outcome.id}  {' '.join(outcome.text.split())}"
    factor = "" if cost.rtf is None else f", RTF {cost.rtf:.3f}"
    return f"{outcome.id}  {cost.wall_seconds:.2f} s{factor}  {' '.join(outcome.text.split())}"


def metric_rows(
    metrics: Mapping[MetricName, Metric], headline: str | None, ruler: str, ruler_hash: str
) -> list[tuple[str, ...]]:
    """One row a measure, the headline first."""
    order = sorted(metrics, key=lambda name: name != headline)
    return [(name.upper(), *_figures(metrics[name]), f"{ruler} {ruler_hash}") for name in order]


def _figures(metric: Metric) -> tuple[str, ...]:
    counts = metric.counts
    numbers = (counts.errors, counts.substitutions, counts.deletions, counts.insertions, counts.reference_length)
    return (percent(metric.rate), interval(metric.ci95), *map(str, numbers))


def total_lines(summary: RunSummary) -> list[str]:
    """How many clips the figures speak of, and which they leave out."""
    lines = [] if summary.corrections is None else [summary.corrections.sentence]
    lines.append(f"Scored {summary.scored} of {summary.total}, {summary.failed} failed.")
    lines += [f"  {failure.id}: {failure.message}" for failure in summary.failures]
    if summary.metrics[summary.headline].ci95 is not None:
        lines.append(f"Intervals are drawn over {say_units(summary.clusters, summary.cluster_by)}.")
    return lines


def cost_lines(cost: Measurement | None) -> list[str]:
    """What a run took."""
    if cost is None:
        return []
    factor = "" if cost.rtf is None else f", real-time factor {cost.rtf:.3f}"
    lines = [f"{cost.audio_seconds:.1f} s of audio in {cost.wall_seconds:.1f} s{factor} ({cost.kind})."]
    if cost.gpu_seconds is not None:
        lines.append(f"GPU time {cost.gpu_seconds:.1f} s.")
    peaks = (
        ("GPU memory", cost.peak_gpu_bytes or cost.peak_gpu_process_bytes),
        ("resident memory", cost.peak_rss_bytes),
    )
    lines += [f"Peak {name} {size / _MIB:.0f} MiB." for name, size in peaks if size is not None]
    return lines


def comparison_rows(found: Comparison) -> list[tuple[str, ...]]:
    """One row a measure, the headline first, then one row a cost."""
    ruler = f"{found.ruler} {found.ruler_hash}"
    rows = [
        (
            name.upper(),
            percent(one.a),
            percent(one.b),
            points(one.delta),
            NOTHING if one.ci95 is None else f"{points(one.ci95[0])} … {points(one.ci95[1])}",
            probability(one.p_value),
            one.verdict,
            ruler,
        )
        for name, one in sorted(found.metrics.items(), key=lambda item: item[0] != found.headline)
    ]
    for name, cost in found.cost.items():
        if cost.a is not None or cost.b is not None:
            ratio = NOTHING if cost.ratio is None else f"×{cost.ratio:.2f}"
            bounds = "" if cost.ratio_ci95 is None else f"×{cost.ratio_ci95[0]:.2f} … ×{cost.ratio_ci95[1]:.2f}"
            rows.append((name, _figure(cost.a), _figure(cost.b), ratio, bounds, "", cost.verdict or "", ""))
    return rows


def sweep_rows(found: SweepTable) -> list[tuple[str, ...]]:
    """One row a setting, the lowest rate first, over the clips that all have."""
    return [_sweep_row(row, found) for row in found.rows]


def _sweep_row(row: SweepRow, found: SweepTable) -> tuple[str, ...]:
    metric, difference, cost = row.rank.metrics[found.metric], row.rank.against_baseline, row.rank.cost
    scored = f"{row.summary.scored} of {row.summary.total}"
    return (
        row.rank.place,
        row.setting.engine,
        row.setting.chain or "none",
        found.metric.upper(),
        percent(metric.rate),
        interval(metric.ci95),
        "baseline" if difference is None else f"{points(difference.delta)}, {difference.verdict}",
        NOTHING if difference is None else probability(difference.p_value),
        NOTHING if difference is None else f"{difference.wins}:{difference.losses}",
        NOTHING if cost.rtf is None else f"{cost.rtf:.3f}",
        NOTHING if cost.peak_rss_bytes is None else mebibytes(cost.peak_rss_bytes),
        ", ".join(sorted(row.best)) or NOTHING,
        scored,
        f"{found.ranking.ruler} {found.ranking.ruler_hash}",
    )


def set_rows(found: SweepTable) -> list[tuple[str, ...]]:
    """One row for each set and setting, set by set."""
    return [
        (
            one.eval_set,
            row.setting.label,
            one.metric.upper(),
            percent(one.rate.rate),
            interval(one.rate.ci95),
            "baseline" if one.difference is None else f"{points(one.difference.delta)}, {one.difference.verdict}",
            one.run_id,
        )
        for place in range(len(found.rows[0].sets))
        for row in found.rows
        for one in (row.sets[place],)
    ]


def percent(rate: float | None) -> str:
    """A rate in percent; undefined is a dash, never 0."""
    return NOTHING if rate is None else f"{100 * rate:.2f} %"


def points(difference: float | None) -> str:
    """A difference of rates in percentage points, with its sign."""
    return NOTHING if difference is None else f"{100 * difference:+.2f}"


def probability(p_value: float | None) -> str:
    """A p-value to three figures."""
    return NOTHING if p_value is None else f"{p_value:.3g}"


def mebibytes(size: float) -> str:
    """Memory in MiB."""
    return f"{size / _MIB:.0f} MiB"


def interval(bounds: tuple[float, float] | None) -> str:
    return NOTHING if bounds is None else f"{100 * bounds[0]:.2f} … {100 * bounds[1]:.2f} %"


def _figure(value: float | None) -> str:
    return NOTHING if value is None else f"{value:.4g}" if value < 1e6 else mebibytes(value)
