"""A sweep on the page: how far it is, who leads, what it costs, set by set. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape

from workbench.runs.charts.scatter import trade_off_chart
from workbench.runs.recommendation import Recommendation
from workbench.runs.reporting.figures import MEASURES, say_bytes, say_factor
from workbench.runs.reporting.sweep_report import letter_settings, trade_off_points
from workbench.runs.sweep_store import SweepRecord
from workbench.runs.sweep_table import SetResult, SweepTable
from workbench.ui import format as written
from workbench.ui.chart_words import tell_chart
from workbench.ui.compare_figures import figures_of, remarks_view, verdict_view
from workbench.ui.compare_systems import System
from workbench.ui.language import say, say_many
from workbench.ui.leaderboard import leaderboard_view, measures_view


def sweep_view(found: SweepTable) -> str:
    """Settings in order with verdicts, then errors against cost, then each set."""
    systems = setting_systems(found)
    lacking = [
        say("There is no run of {setting} on {set} yet.", setting=cell.setting.label, set=cell.eval_set)
        for cell in found.lacking
    ]
    sets = _sets_view(found, systems) if len(found.rows[0].sets) > 1 else ""
    parts = (
        remarks_view((), [*lacking, *found.ranking.warnings]),
        leaderboard_view(found.ranking, systems),
        _charts(found),
        sets,
        measures_view(found.ranking, systems),
    )
    return f'<div class="wb-sweep">{"".join(parts)}</div>'


def recommendation_view(found: Recommendation, letters: Mapping[str, str]) -> str:
    """Which setting to take for a recording, then the settings on the clips that sound most like it.

    Args:
        found: What the sweep says.
        letters: Of the settings, by their label.
    """
    names = {row.run_id: row for row in found.ranking.rows}
    systems = [
        System(
            letter=letters[label],
            run_id=label,
            name=row.engine,
            settings=label.removeprefix(row.engine).removeprefix(" · "),
            imported=False,
        )
        for label, row in names.items()
    ]
    return (
        f'<div class="wb-sweep"><div class="wb-panel"><p class="wb-outcome">{_advice(found)}</p>'
        f'<p class="wb-hint">{_likeness(found)}</p></div>'
        f"{remarks_view((), found.ranking.warnings)}{leaderboard_view(found.ranking, systems)}</div>"
    )


def _advice(found: Recommendation) -> str:
    clips = f"{found.ranking.common:,}"
    if found.recommended is None:
        return say("Nothing in the sweep sounds much like it: no setting can be recommended.")
    setting = f"<b>{escape(found.recommended)}</b>"
    if found.recommended == found.ranking.baseline:
        return say(
            "Take {setting}: on the {clips} clips most like it, no other is shown to be better.",
            setting=setting,
            clips=clips,
        )
    return say(
        "Take {setting}: on the {clips} clips most like it, it is shown to be better.", setting=setting, clips=clips
    )


def _likeness(found: Recommendation) -> str:
    def level(value: float | None) -> str:
        return written.MISSING if value is None else f"{value:.0f} dB"

    def reach(value: float | None) -> str:
        return written.MISSING if value is None else f"{value / 1000:.1f} kHz"

    low, high = found.snr_db or (None, None)
    narrow, wide = found.bandwidth_hz or (None, None)
    return say(
        "SNR {snr}, of those clips {low} … {high}; bandwidth {band}, of those clips {narrow} … {wide}.",
        snr=level(found.conditions.snr_db),
        low=level(low),
        high=level(high),
        band=reach(found.conditions.bandwidth_hz),
        narrow=reach(narrow),
        wide=reach(wide),
    )


def setting_systems(found: SweepTable) -> tuple[System, ...]:
    """The settings by letters, in the order in which they were asked for; `A` is the baseline."""
    return tuple(
        System(
            letter=letter,
            run_id=setting.label,
            name=setting.engine,
            settings=setting.chain or say("no preprocessing"),
            imported=False,
        )
        for setting, letter in letter_settings(found).items()
    )


def sweep_label(record: SweepRecord) -> str:
    """A stored sweep in a list: when, on what, how much of it is done."""
    cells = len(record.settings) * len(record.sets)
    parts = [
        record.created.replace("T", " ")[:16],
        ", ".join(record.sets),
        say_many(len(record.settings), "{count} setting", "{count} settings"),
        "" if record.finished else say("{part} of {total}", part=len(record.runs), total=cells),
    ]
    return " · ".join(part for part in parts if part)


def _charts(found: SweepTable) -> str:
    name, best = MEASURES[found.metric], say("best trade-off")
    drawn = [
        trade_off_chart(
            trade_off_points(found, "time"),
            title=say("{metric} against time", metric=name),
            cost=say("real-time factor: seconds of work for a second of sound"),
            say_cost=say_factor,
            best=best,
        ),
        trade_off_chart(
            trade_off_points(found, "memory"),
            title=say("{metric} against memory", metric=name),
            cost=say("peak memory"),
            say_cost=say_bytes,
            best=best,
        ),
    ]
    titles = (say("{metric} against time", metric=name), say("{metric} against memory", metric=name))
    note = say("A filled diamond: no other setting makes as few errors for less. Lines are 95 % intervals.")
    panels = "".join(
        f'<figure class="wb-panel"><h3>{title}</h3>{tell_chart(chart)}</figure>'
        for title, chart in zip(titles, drawn, strict=True)
    )
    return f'<div class="wb-charts wb-trade-offs">{panels}</div><p class="wb-note">{note}</p>'


def _sets_view(found: SweepTable, systems: Sequence[System]) -> str:
    named = {one.run_id: one for one in systems}
    heads = "".join(
        f"<th>{escape(one.eval_set)}<small>{MEASURES[one.metric]}</small></th>" for one in found.rows[0].sets
    )
    rows = "".join(
        f"<tr><th>{_named(named[row.setting.label])}</th>{''.join(_set_cell(one) for one in row.sets)}</tr>"
        for row in found.rows
    )
    note = say("Against the baseline on the same set; verdicts hold for all settings and sets together (Holm).")
    return (
        f'<div class="wb-panel wb-scroll"><h3>{say("Set by set")}</h3>'
        f'<table class="wb-table wb-figures wb-set-by-set"><thead><tr><th>{say("Setting")}</th>{heads}</tr></thead>'
        f'<tbody>{rows}</tbody></table><p class="wb-hint">{note}</p></div>'
    )


def _named(system: System) -> str:
    return (
        f'<b class="wb-letter">{system.letter}</b><span><bdi>{escape(system.name)}</bdi>'
        f"<code>{escape(system.settings)}</code></span>"
    )


def _set_cell(one: SetResult) -> str:
    rate = written.rate_interval(one.rate.rate, one.rate.ci95)
    if one.difference is None:
        return f'<td>{rate}<small class="wb-same-run">{say("baseline")}</small></td>'
    return f"<td>{rate}{verdict_view(one.difference)}<small>{escape(figures_of(one.difference))}</small></td>"
