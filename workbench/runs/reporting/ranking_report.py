"""The report of several runs in order: a leaderboard."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.runs.charts import interval_bar
from workbench.runs.ranking import Ranking, RankRow
from workbench.runs.reporting.comparison_report import differences_picture, fates, system_names
from workbench.runs.reporting.document import Block, Document, Facts, Paragraph, Section, Table, Warnings
from workbench.runs.reporting.figures import (
    MEASURES,
    MISSING,
    say_bytes,
    say_count,
    say_factor,
    say_interval,
    say_p_value,
    say_rate,
    say_seconds,
)
from workbench.runs.reporting.origin import origin_blocks
from workbench.runs.reporting.places import rates_picture
from workbench.runs.reporting.run_report import foot, ordered
from workbench.runs.store import StoredRun
from workbench.scoring.verdicts import say_units


def report_ranking(runs: Sequence[StoredRun], found: Ranking) -> Document:
    """Several runs in one document, the lowest rate first.

    Args:
        runs: As they were ranked.
        found: Their order.
    """
    names = dict(zip((run.record.run_id for run in runs), system_names(runs), strict=True))
    by_id = {run.record.run_id: run for run in runs}
    first = runs[0].record.spec
    again: list[Block] = []
    for row in found.rows:
        again.append(Paragraph(text=f"{names[row.run_id]}: run {row.run_id}."))
        again += origin_blocks(by_id[row.run_id].record)
    return Document(
        title=f"{len(runs)} systems on {first.eval_set}",
        subtitle=f"Ruler {found.ruler} ({found.ruler_hash}), {say_count(found.common)} clips that all of them have.",
        language=first.set_language,
        sections=(
            Section(title="Result", blocks=(*_result(found, names),)),
            Section(title="Against the baseline", blocks=(*_against(found, names),)),
            Section(title="All measures", blocks=(_measures(found, names),)),
            Section(title="Cost", blocks=(*_cost(found, names),)),
            Section(title="To make them again", blocks=tuple(again)),
        ),
        foot=foot(),
    )


def _result(found: Ranking, names: dict[str, str]) -> Iterator[Block]:
    name = MEASURES[found.metric]
    bars = [interval_bar(f"{row.place}. {names[row.run_id]}", row.metrics[found.metric]) for row in found.rows]
    yield rates_picture(f"{name}, the lowest first", bars)
    reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in found.dropped.items())
    left_out = f"Left out: {reasons}. " if reasons else ""
    yield Paragraph(
        text=f"{say_count(found.common)} clips in common. {left_out}Intervals are of 95 %, drawn from "
        f"{say_units(found.clusters, found.cluster_by)}. A place such as 1–2 is shared: the runs cannot be told apart."
    )
    if warnings := (*(note.sentence for note in found.corrections), *found.warnings):
        yield Warnings(texts=warnings)


def _against(found: Ranking, names: dict[str, str]) -> Iterator[Block]:
    several = [
        (names[row.run_id], row.against_baseline, found.common)
        for row in found.rows
        if row.against_baseline is not None
    ]
    yield Paragraph(text=f"The baseline is {names[found.baseline]}; B is the run that is named.")
    yield differences_picture(f"{MEASURES[found.metric]} against the baseline", several)
    yield Facts(rows=tuple((name, f"{one.sentence}. {fates(one)}") for name, one, _ in several))


def _measures(found: Ranking, names: dict[str, str]) -> Table:
    measures = ordered(found.metric)
    columns = ["Place", "System", *(text for name in measures for text in (MEASURES[name], "95 % interval"))]
    columns += ["p against the baseline", "Clips lacking"]
    return Table(
        columns=tuple(columns),
        rows=tuple(
            (
                row.place,
                names[row.run_id],
                *(
                    text
                    for name in measures
                    for text in (say_rate(row.metrics[name].rate), say_interval(row.metrics[name].ci95))
                ),
                MISSING if row.against_baseline is None else say_p_value(row.against_baseline.p_value),
                say_count(row.lacking),
            )
            for row in found.rows
        ),
        numbers=frozenset(range(2, 4 + 2 * len(measures))),
    )


def _cost(found: Ranking, names: dict[str, str]) -> Iterator[Block]:
    measured = [row for row in found.rows if row.cost.wall_seconds is not None]
    if measured:
        yield Table(
            columns=("System", "Time", "Real-time factor", "GPU time", "Peak memory", "Peak GPU memory"),
            rows=tuple(_cost_row(row, names[row.run_id]) for row in measured),
            numbers=frozenset(range(1, 6)),
        )


def _cost_row(row: RankRow, name: str) -> tuple[str, ...]:
    cost = row.cost
    return (
        name,
        say_seconds(cost.wall_seconds),
        say_factor(cost.rtf),
        say_seconds(cost.gpu_seconds),
        say_bytes(cost.peak_rss_bytes),
        say_bytes(cost.peak_gpu_bytes),
    )
