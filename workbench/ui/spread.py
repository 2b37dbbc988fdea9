"""How a run's errors are spread, as charts. Pure: values in, HTML out."""

from __future__ import annotations

from html import escape

from workbench.runs.charts import STAGES, waterfall_bars, waterfall_chart
from workbench.runs.reporting.document import Picture
from workbench.runs.reporting.places import where_errors_are
from workbench.runs.summary import RunSummary
from workbench.scoring.waterfall import Waterfall
from workbench.text.rulers import Ruler
from workbench.ui.chart_words import tell_chart
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.language import say, tell


def spread_view(summary: RunSummary, waterfall: Waterfall, ruler: Ruler) -> str:
    """Spelling step by step, then clips and errors by tag, length, rate and place, as the run's report has them.

    Args:
        summary: The run.
        waterfall: Its errors after each step of the ruler.
        ruler: Which one.
    """
    title = say("How much of the {metric} is spelling", metric=METRIC_NAMES[summary.headline])
    stages = {group: tell(words) for group, words in STAGES.items()}
    falls = waterfall_chart(
        waterfall_bars(waterfall, summary.headline, stages=stages), title=title, beyond=say("not in the ruler")
    )
    pictures = [block for block in where_errors_are(summary, ruler) if isinstance(block, Picture)]
    charts = [
        _panel(title, tell_chart(falls)),
        *(_panel(tell(one.table.title), tell_chart(one.svg), tell(one.note)) for one in pictures),
    ]
    return f'<div class="wb-charts">{"".join(charts)}</div>'


def _panel(title: str, svg: str, note: str = "") -> str:
    """A chart under its title; `svg` is markup made by `runs.charts`."""
    below = f'<p class="wb-note">{escape(note)}</p>' if note else ""
    return f'<figure class="wb-panel"><h3 dir="auto">{escape(title)}</h3>{svg}{below}</figure>'
