"""Results as rows of text; no figure without the ruler it was measured with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from workbench.pipeline.measurement import Measurement
from workbench.runs.compare import Comparison
from workbench.runs.records import ItemFailure, ItemResult
from workbench.runs.summary import RunSummary
from workbench.runs.sweep import SweepCell
from workbench.scoring.score import Metric
from workbench.scoring.verdicts import say_units
from workbench.text.rulers import MetricName

NOTHING = "–"
_MIB = 1024**2

METRIC_COLUMNS = ("measure", "rate", "95 % interval", "errors", "sub", "del", "ins", "units", "ruler")
COMPARISON_COLUMNS = ("measure", "A", "B", "B − A", "95 % interval", "p", "verdict", "ruler")
SWEEP_COLUMNS = (
    "place",
    "engine",
    "chain",
    "measure",
    "rate",
    "95 % interval",
    "against the first",
    "p",
    "RTF",
    "scored",
    "ruler",
    "run",
)


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
            rows.append((name, _figure(cost.a), _figure(cost.b), ratio, "", "", "", ""))
    return rows


def sweep_rows(cells: Sequence[SweepCell], places: Mapping[str, str]) -> list[tuple[str, ...]]:
    """One row a cell, in the order given.

    Args:
        cells: Of a sweep.
        places: By run id: "1", "2–3".
    """
    return [_sweep_row(places[cell.summary.run_id], cell) for cell in cells]


def _sweep_row(place: str, cell: SweepCell) -> tuple[str, ...]:
    summary, against, p_value = cell.summary, "first", NOTHING
    metric = summary.metrics[summary.headline]
    if cell.against is not None:
        difference = cell.against.metrics[summary.headline]
        against = f"{points(difference.delta)}, {difference.verdict}"
        p_value = probability(difference.p_value)
    cost = summary.measurement
    return (
        place,
        cell.engine,
        cell.chain or "none",
        summary.headline.upper(),
        percent(metric.rate),
        interval(metric.ci95),
        against,
        p_value,
        NOTHING if cost is None or cost.rtf is None else f"{cost.rtf:.3f}",
        f"{summary.scored} of {summary.total}",
        f"{summary.ruler} {summary.ruler_hash}",
        summary.run_id,
    )


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
