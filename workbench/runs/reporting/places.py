"""Where a run's errors are: by tag, by length, by clip, by place in the reference."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.runs.charts import (
    IntervalBar,
    histogram_bars,
    histogram_chart,
    interval_bar,
    interval_chart,
    position_chart,
    position_columns,
)
from workbench.runs.reporting.document import Block, Picture, Table
from workbench.runs.reporting.figures import MEASURES, say_count, say_interval, say_rate
from workbench.runs.summary import RunSummary
from workbench.runs.tags import group_by_tags
from workbench.scoring.alignment import trace_units
from workbench.scoring.clusters import cluster_utterances
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.distributions import PositionProfile, count_positions_traced, count_rates
from workbench.scoring.score import METRICS, summarise
from workbench.text.rulers import Ruler
from workbench.text.units import split


def where_errors_are(summary: RunSummary, ruler: Ruler) -> Iterator[Block]:
    """A picture for each grouping tag, and for lengths, rates and places."""
    headline, name = summary.headline, MEASURES[summary.headline]
    if not summary.rows:
        return
    counts = [row.counts[headline] for row in summary.rows]
    for tag, bars in _bars_by_tag(summary).items():
        yield rates_picture(f"{name} by {tag}", bars)
    yield _histogram(counts, name)
    unit = METRICS[headline]
    steps = trace_units(
        [split(ruler.apply(row.result.reference), unit) for row in summary.rows],
        [split(ruler.apply(row.result.text), unit) for row in summary.rows],
    )
    clusters = cluster_utterances([row.result.tags for row in summary.rows])
    yield _positions(count_positions_traced(steps, clusters=clusters), name)


def rates_picture(title: str, bars: Sequence[IntervalBar]) -> Picture:
    """Rates with intervals, as a chart and as a table."""
    rows = tuple((one.label, say_rate(one.value), say_interval(one.interval), say_count(one.clips)) for one in bars)
    columns = ("", "Rate", "95 % interval", "Clips")
    table = Table(title=title, columns=columns, rows=rows, numbers=frozenset({1, 2, 3}))
    return Picture(svg=interval_chart(bars, title=title), table=table)


def _bars_by_tag(summary: RunSummary) -> dict[str, list[IntervalBar]]:
    """A bar for each value of each tag that groups clips, duration included; failed clips have no rate to add."""
    bars: dict[str, list[IntervalBar]] = {}
    for group in group_by_tags([*(row.result for row in summary.rows), *summary.failures]):
        rows = [summary.rows[place] for place in group.places if place < len(summary.rows)]
        # One speaker's clips are told apart by recording or one by one, as in a comparison.
        clusters = cluster_utterances([row.result.tags for row in rows])
        metric = summarise([row.counts[summary.headline] for row in rows], clusters=clusters)
        bars.setdefault(group.tag, []).append(interval_bar(group.value, metric))
    return bars


def _histogram(counts: Sequence[ErrorCounts], name: str) -> Picture:
    bars, title = histogram_bars(count_rates(counts)), f"Clips by their {name}"
    rows = tuple((one.label or f"{one.start} – {one.end or after.start}", say_count(one.count))
                 for one, after in zip(bars, [*bars[1:], bars[-1]], strict=True))  # fmt: skip
    columns = (f"{name} of the clip, %", "Clips")
    return Picture(
        svg=histogram_chart(bars, title=title, across=columns[0]),
        table=Table(title=title, columns=columns, rows=rows, numbers=frozenset({1})),
    )


def _positions(found: PositionProfile, name: str) -> Picture:
    columns, title = position_columns(found), f"{name} by place in the reference"
    rows = tuple(
        (
            str(place),
            *map(say_rate, (one.substitutions, one.deletions, one.insertions)),
            say_interval(one.interval),
            say_count(one.clips),
        )
        for place, one in enumerate(columns, start=1)
    )
    names = ("Tenth", "Substituted", "Missing", "Added", "95 % interval of all", "Clips")
    return Picture(
        svg=position_chart(columns, title=title),
        table=Table(title=title, columns=names, rows=rows, numbers=frozenset(range(6))),
        note="Tenths of each reference, from its beginning to its end.",
    )
