"""From scored values to the rows of charts."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.runs.charts.bars import IntervalBar, WaterfallBar
from workbench.runs.charts.columns import HistogramBar, PositionColumn
from workbench.scoring.distributions import DurationProfile, PositionProfile, RateHistogram
from workbench.scoring.score import Metric
from workbench.scoring.waterfall import Waterfall
from workbench.text.rulers import MetricName

STAGES: Mapping[str, str] = {
    "raw": "as they are",
    "punctuation": "after punctuation, case and white space",
    "script": "after traditional and simplified",
    "variants": "after variant spellings",
    "numbers": "after numbers",
    "english": "after English spelling and contractions",
    "fillers": "after fillers",
}
"""A waterfall's groups of steps in words."""


def interval_bar(label: str, metric: Metric) -> IntervalBar:
    """A rate with its interval and its number of clips."""
    return IntervalBar(label=label, value=metric.rate, interval=metric.ci95, clips=metric.items)


def duration_bars(found: DurationProfile) -> list[IntervalBar]:
    """A bar for each length that any clip has."""
    return [interval_bar(row.bucket, row.metric) for row in found.rows if row.metric.items]


def histogram_bars(found: RateHistogram, *, without_reference: str = "no ref.") -> list[HistogramBar]:
    """A column for each bin, and one for clips without a reference where there are any.

    Args:
        found: Clips by their error rate.
        without_reference: The label of the last.
    """
    bars: list[HistogramBar] = []
    for one in found.bins:
        if one.above is None:
            bars.append(HistogramBar(count=one.clips, label="0"))
        elif one.up_to is None:
            bars.append(HistogramBar(count=one.clips, label=f"> {one.above:.0%}".removesuffix("%")))
        else:
            last = one is found.bins[-2]
            end = f"{one.up_to:.0%}".removesuffix("%") if last else ""
            bars.append(HistogramBar(count=one.clips, start=f"{one.above:.0%}".removesuffix("%"), end=end))
    if found.empty_references:
        bars.append(HistogramBar(count=found.empty_references, label=without_reference, hollow=True))
    return bars


def position_columns(found: PositionProfile) -> list[PositionColumn]:
    """A column for each tenth of the reference."""
    return [_column(metric) for metric in found.tenths]


def _column(metric: Metric) -> PositionColumn:
    counts, length = metric.counts, metric.counts.reference_length or 1
    return PositionColumn(
        substitutions=counts.substitutions / length,
        deletions=counts.deletions / length,
        insertions=counts.insertions / length,
        interval=metric.ci95,
        clips=metric.items,
    )


def waterfall_bars(found: Waterfall, metric: MetricName, *, stages: Mapping[str, str] = STAGES) -> list[WaterfallBar]:
    """A bar for each stage, from the raw texts on.

    Args:
        found: Errors after each step of a ruler.
        metric: Which rate's.
        stages: Words for the groups of steps; a group without any is named as it is.
    """
    bars: list[WaterfallBar] = []
    for stage in found.stages:
        total = stage.total(metric)
        name = stages.get(stage.group, stage.group)
        bars.append(WaterfallBar(label=name, errors=total.errors, rate=total.counts.rate, beyond=stage.beyond))
    return bars
