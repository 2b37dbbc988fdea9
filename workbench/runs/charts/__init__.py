"""Figures as pictures: plain values in, one inline SVG element out.

An SVG here has no script, no identifier, no address and no font of its own; every text that is data is escaped. Text
and lines take `currentColor`, marks the page's `--wb-accent`, `--wb-good` and `--wb-error` where they are defined, so
that a chart reads in light and dark. What colour says, shape or a word says too. Words are arguments, in English by
default.
"""

from workbench.runs.charts.bars import IntervalBar, WaterfallBar, interval_chart, waterfall_chart
from workbench.runs.charts.columns import HistogramBar, PositionColumn, histogram_chart, position_chart
from workbench.runs.charts.forest import ForestRow, forest_chart
from workbench.runs.charts.rows import (
    STAGES,
    duration_bars,
    histogram_bars,
    interval_bar,
    position_columns,
    waterfall_bars,
)

__all__ = [
    "STAGES",
    "ForestRow",
    "HistogramBar",
    "IntervalBar",
    "PositionColumn",
    "WaterfallBar",
    "duration_bars",
    "forest_chart",
    "histogram_bars",
    "histogram_chart",
    "interval_bar",
    "interval_chart",
    "position_chart",
    "position_columns",
    "waterfall_bars",
    "waterfall_chart",
]
