"""Three runs and more in order. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from workbench.runs.charts import interval_bar, interval_chart
from workbench.runs.differences import MetricDifference
from workbench.runs.ranking import Ranking, RankRow
from workbench.runs.reporting.figures import say_p_value
from workbench.scoring.score import METRICS
from workbench.scoring.verdicts import say_units
from workbench.ui import format as written
from workbench.ui.chart_words import tell_chart
from workbench.ui.compare_figures import corrected_mark, figures_of, left_out, no_cost_view, verdict_view
from workbench.ui.compare_systems import System
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.language import say, say_many, tell


def leaderboard_view(found: Ranking, systems: Sequence[System]) -> str:
    """Places, rates with intervals, and what may be said of each run against the baseline; then a chart of the rates.

    Args:
        found: The order.
        systems: What the runs are called.
    """
    named = {one.run_id: one for one in systems}
    rows = "".join(_row(row, found, named[row.run_id]) for row in found.rows)
    name, mark = METRIC_NAMES[found.metric], corrected_mark(found.corrections)
    title = say("{metric} with 95 % intervals", metric=name)
    bars = [interval_bar(f"{row.place}. {named[row.run_id].label}", row.metrics[found.metric]) for row in found.rows]
    chart = tell_chart(interval_chart(bars, title=title))
    return (
        '<div class="wb-panel wb-scroll"><table class="wb-table wb-figures wb-leaderboard"><thead><tr>'
        f'<th title="{say("A place such as 1–2 is shared: these runs cannot be told apart")}">{say("Place")}</th>'
        f"<th>{say('System')}</th><th>{say('{metric}, 95 % interval', metric=name)}</th>"
        f"<th>{say('Against the baseline {system}', system=escape(named[found.baseline].letter))}</th>"
        f'<th title="{say("Paired permutation test, corrected for the number of runs (Holm)")}">{say("p, Holm")}</th>'
        f"{_cost_heads() if _is_measured(found) else ''}</tr></thead><tbody>{rows}</tbody></table>"
        f'<p class="wb-hint">{_basis(found)}</p></div>'
        f'<figure class="wb-panel wb-rates-chart"><h3>{title}{mark}</h3>{chart}</figure>'
    )


def measures_view(found: Ranking, systems: Sequence[System]) -> str:
    """Every error rate with its interval, and every cost."""
    named = {one.run_id: one for one in systems}
    names = sorted(METRICS, key=lambda one: one != found.metric)
    heads = "".join(f"<th>{METRIC_NAMES[one]}</th>" for one in names)
    rows = "".join(
        f"<tr><th>{_system(named[row.run_id])}</th>"
        + "".join(f"<td>{written.rate_interval(row.metrics[one].rate, row.metrics[one].ci95)}</td>" for one in names)
        + f"<td>{row.lacking:,}</td></tr>"
        for row in found.rows
    )
    return (
        f'<div class="wb-panel wb-scroll"><h3>{say("All error rates")}{corrected_mark(found.corrections)}</h3>'
        f'<table class="wb-table wb-figures"><thead><tr><th>{say("System")}</th>{heads}'
        f"<th>{say('Clips lacking')}</th></tr></thead>"
        f"<tbody>{rows}</tbody></table></div>{_cost_view(found, named)}"
    )


def _basis(found: Ranking) -> str:
    return say_many(
        found.common,
        "{count} clip is in all runs{dropped}. Ruler {ruler}. Intervals and tests draw {units}. A place such as 1–2 is "
        "shared: the runs cannot be told apart.",
        "{count} clips are in all runs{dropped}. Ruler {ruler}. Intervals and tests draw {units}. A place such as 1–2 "
        "is shared: the runs cannot be told apart.",
        dropped=escape(left_out(found.dropped)),
        ruler=f"{escape(found.ruler)} <code>{escape(found.ruler_hash)}</code>",
        units=escape(tell(say_units(found.clusters, found.cluster_by))),
    )


def _cost_heads() -> str:
    return "".join(f"<th>{words}</th>" for words in (say("Time"), say("RTF"), say("Peak memory")))


def _row(row: RankRow, found: Ranking, system: System) -> str:
    metric = row.metrics[found.metric]
    against, p_value = f'<span class="wb-same-run">{say("baseline")}</span>', written.MISSING
    if (one := row.against_baseline) is not None:
        figures = escape(figures_of(one))
        against = f"{verdict_view(one)}<small>{figures}</small><small>{_fates(one, system.letter)}</small>"
        p_value = say_p_value(one.p_value)
    return (
        f'<tr><td class="wb-place">{escape(row.place)}</td><th>{_system(system)}</th>'
        f'<td class="wb-rated">{written.rate_interval(metric.rate, metric.ci95)}'
        f'{corrected_mark(found.corrections)}</td><td class="wb-against">{against}</td>'
        f'<td data-name="{say("p, Holm")}">{p_value}</td>{_cost_cells(row) if _is_measured(found) else ""}</tr>'
    )


def _cost_cells(row: RankRow) -> str:
    cost = row.cost
    return (
        f'<td data-name="{say("Time")}">{written.seconds(cost.wall_seconds)}</td>'
        f'<td data-name="{say("RTF")}">{written.factor(cost.rtf)}</td>'
        f'<td data-name="{say("Peak memory")}">{written.memory(cost.peak_rss_bytes)}</td>'
    )


def _is_measured(found: Ranking) -> bool:
    return any(row.cost.wall_seconds is not None for row in found.rows)


def _fates(one: MetricDifference, letter: str) -> str:
    return say(
        "{system} better in {wins} clips, worse in {losses}, same in {ties}",
        system=letter,
        wins=f"{one.wins:,}",
        losses=f"{one.losses:,}",
        ties=f"{one.ties:,}",
    )


def _system(system: System) -> str:
    told = f"<code>{escape(system.settings)}</code>" if system.settings else ""
    tag = f"<i class=wb-tag>{say('imported')}</i>" if system.imported else ""
    return f'<b class="wb-letter">{system.letter}</b><span><bdi>{escape(system.name)}</bdi>{tag}{told}</span>'


def _cost_view(found: Ranking, named: Mapping[str, System]) -> str:
    measured = [row for row in found.rows if row.cost.wall_seconds is not None]
    if not measured:
        return no_cost_view()
    rows = "".join(
        f"<tr><th>{_system(named[row.run_id])}</th><td>{written.seconds(row.cost.wall_seconds)}</td>"
        f"<td>{written.factor(row.cost.rtf)}</td><td>{written.seconds(row.cost.gpu_seconds)}</td>"
        f"<td>{written.memory(row.cost.peak_rss_bytes)}</td><td>{written.memory(row.cost.peak_gpu_bytes)}</td></tr>"
        for row in measured
    )
    names = (say("System"), say("Time"), say("RTF"), say("GPU time"), say("Peak memory"), say("Peak GPU memory"))
    heads = "".join(f"<th>{name}</th>" for name in names)
    return (
        f'<div class="wb-panel wb-scroll"><h3>{say("Cost")} <span>{say("over the clips that all have")}</span></h3>'
        f'<table class="wb-table wb-figures"><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody></table></div>'
    )
