"""The report of a sweep: a leaderboard, what the settings cost, and each set by itself."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from string import ascii_uppercase

from workbench.runs.charts.scatter import CostPoint, trade_off_chart
from workbench.runs.reporting.document import (
    Block,
    Command,
    Document,
    Facts,
    Paragraph,
    Picture,
    Section,
    Table,
    Warnings,
)
from workbench.runs.reporting.figures import MEASURES, MISSING, say_bytes, say_factor, say_interval, say_rate, say_time
from workbench.runs.reporting.origin import machine_facts, spec_facts, sweep_command
from workbench.runs.reporting.ranking_report import report_ranking
from workbench.runs.sweep_store import Setting
from workbench.runs.sweep_table import SetResult, SweepRow, SweepTable, TradeOff, cost_in


def report_sweep(found: SweepTable) -> Document:
    """A sweep in one document.

    Args:
        found: Its answer.
    """
    ranking = report_ranking(found.pooled, found.ranking)
    sets = [one.eval_set for one in found.rows[0].sets]
    result, against, measures, cost, _ = ranking.sections
    several = (Section(title="Set by set", blocks=(*_by_set(found),)),) if len(sets) > 1 else ()
    return replace(
        ranking,
        title=f"{len(found.rows)} settings on {', '.join(sets)}",
        sections=(
            replace(result, blocks=(*_lacking(found), *result.blocks)),
            against,
            Section(title="Errors against cost", blocks=(*trade_off_pictures(found),)),
            *several,
            measures,
            cost,
            Section(title="To make it again", blocks=(*_origin(found),)),
        ),
    )


def trade_off_pictures(found: SweepTable) -> Iterator[Picture]:
    """Error rates against real-time factor and against memory, the best trade-offs marked."""
    name = MEASURES[found.metric]
    costs: tuple[tuple[TradeOff, str, str, Callable[[float | None], str]], ...] = (
        ("time", f"{name} against time", "real-time factor: seconds of work for a second of sound", say_factor),
        ("memory", f"{name} against memory", "peak memory", say_bytes),
    )
    for respect, title, axis, say_cost in costs:
        points = trade_off_points(found, respect)
        yield Picture(
            svg=trade_off_chart(points, title=title, cost=axis, say_cost=say_cost),
            table=Table(
                title=title,
                columns=("", name, axis.partition(":")[0].capitalize(), "Best trade-off"),
                rows=tuple(
                    (f"{one.mark}. {one.label}", say_rate(one.rate), say_cost(one.cost), "yes" if one.best else "")
                    for one in points
                ),
                numbers=frozenset({1, 2}),
            ),
            note="A filled diamond: no other setting makes as few errors for less. Lines are 95 % intervals.",
        )


def trade_off_points(found: SweepTable, respect: TradeOff) -> list[CostPoint]:
    """The settings as points of a chart, lettered in the order in which they were asked for: A is the baseline.

    Args:
        found: The sweep's answer.
        respect: Which cost.
    """
    letters = letter_settings(found)
    return [
        CostPoint(
            mark=letters[row.setting],
            label=row.setting.label,
            rate=row.rank.metrics[found.metric].rate,
            interval=row.rank.metrics[found.metric].ci95,
            cost=cost_in(row.rank, respect),
            best=respect in row.best,
        )
        for row in found.rows
    ]


def letter_settings(found: SweepTable) -> dict[Setting, str]:
    """A letter for each setting that has a row, in the order asked for; after Z come AA, AB."""
    whole = {row.setting for row in found.rows}
    return letters_of(one for one in found.record.settings if one in whole)


def letters_of(settings: Iterable[Setting]) -> dict[Setting, str]:
    """A letter for each, in their order."""
    return {one: _letter(place) for place, one in enumerate(settings)}


def _letter(place: int) -> str:
    rest, last = divmod(place, len(ascii_uppercase))
    return (_letter(rest - 1) if rest else "") + ascii_uppercase[last]


def _lacking(found: SweepTable) -> Iterator[Block]:
    if found.lacking:
        cells = ", ".join(f"{cell.setting.label} on {cell.eval_set}" for cell in found.lacking)
        yield Warnings(texts=(f"The sweep is not complete; these have no run: {cells}.",))


def _origin(found: SweepTable) -> Iterator[Block]:
    yield Paragraph(text=f"Sweep {found.record.sweep_id}, begun {say_time(found.record.created)}.")
    yield Command(text=sweep_command(found.record))
    for run in found.pooled:
        facts = spec_facts(run.record.spec)
        kept = ("Engine", "Model", "Options", "Preprocessing", "Language told", "Device", "Batch size", "Chunk length")
        yield Facts(rows=tuple((name, facts[name]) for name in kept))
    yield machine_facts(found.pooled[0].record.environment)
    runs = [(row.setting.label, one.eval_set, one.run_id) for row in found.rows for one in row.sets]
    yield Table(columns=("Setting", "Set", "Run"), rows=tuple(runs))


def _by_set(found: SweepTable) -> Iterator[Block]:
    yield Paragraph(
        text="Each set by the rate that leads in its language, against the baseline on the same set. Verdicts hold for "
        "all settings and sets together."
    )
    for place, first in enumerate(found.rows[0].sets):
        yield Table(
            columns=(
                first.eval_set,
                MEASURES[first.metric],
                "95 % interval",
                "Against the baseline",
                "Fewer, more errors",
            ),
            rows=tuple(_set_row(row, row.sets[place]) for row in found.rows),
            numbers=frozenset({1, 2}),
        )


def _set_row(row: SweepRow, one: SetResult) -> tuple[str, ...]:
    difference = one.difference
    return (
        row.setting.label,
        say_rate(one.rate.rate),
        say_interval(one.rate.ci95),
        "baseline" if difference is None else difference.sentence,
        MISSING if difference is None else f"{difference.wins}, {difference.losses} clips",
    )
