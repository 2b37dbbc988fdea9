"""Runs held against each other: two item by item, three and more as a leaderboard."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterable, Sequence

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.tables import (
    COMPARISON_COLUMNS,
    NOTHING,
    comparison_rows,
    interval,
    mebibytes,
    percent,
    points,
    probability,
)
from workbench.runs.compare import Comparison
from workbench.runs.differences import MetricDifference
from workbench.runs.ranking import Ranking, RankRow
from workbench.runs.report import comparison_json, ranking_json
from workbench.scoring.verdicts import say_units

TAG_COLUMNS = ("tag", "value", "clips", "A", "B", "B − A", "95 % interval", "p", "verdict", "ruler")


def compare(arguments: Namespace, console: Console) -> int:
    """Two runs under one ruler, paired item by item; three and more in order.

    Raises:
        WorkbenchError: A run cannot be read, or they have nothing in common.
    """
    if arguments.more or arguments.baseline is not None:
        return _rank(arguments, console)
    found = services.compare(arguments.run_a, arguments.run_b, **passed_on(arguments, services.compare))
    console.document(comparison_json(found))
    console.say(f"A is {found.run_a}")
    console.say(f"B is {found.run_b}")
    console.table(COMPARISON_COLUMNS, comparison_rows(found))
    console.say(_test_line(found))
    for sentence in found.together[1:]:
        console.say(sentence)
    if found.by_tag:
        console.say(f"By tag, {found.headline.upper()}, p-values corrected for the values of each tag:")
        console.table(TAG_COLUMNS, tag_rows(found))
    for note in found.corrections:
        console.say(note.sentence)
    console.say(f"{found.common} clips in common{_left_out(found.dropped.items())}.")
    _warn(found.warnings, console)
    return 0


def _rank(arguments: Namespace, console: Console) -> int:
    runs = [arguments.run_a, arguments.run_b, *arguments.more]
    found = services.rank(runs, **passed_on(arguments, services.rank))
    console.document(ranking_json(found))
    console.table(ranking_columns(found), ranking_rows(found))
    for line in ranking_lines(found):
        console.say(line)
    _warn(found.warnings, console)
    return 0


def _test_line(found: Comparison) -> str:
    """The headline in a sentence, and what it rests on."""
    one = found.metrics[found.headline]
    segments = one.mapsswe
    tested = ""
    if segments is not None and segments.z is not None:
        tested = f" MAPSSWE: {segments.segments} segments, z {segments.z:+.2f}, p {probability(segments.p_value)}."
    drawn = say_units(one.clusters, one.cluster_by)
    fates = f"B has fewer errors in {one.wins} clips, more in {one.losses}, as many in {one.ties}."
    return f"{found.headline.upper()}: {one.sentence}. {fates} Drawn: {drawn}.{tested}"


def tag_rows(found: Comparison) -> list[tuple[str, ...]]:
    """A row for each value of each tag."""
    ruler = f"{found.ruler} {found.ruler_hash}"
    return [
        (one.tag, one.value, str(one.common), *_figures(one.difference), one.difference.verdict, ruler)
        for one in found.by_tag
    ]


def _figures(one: MetricDifference) -> tuple[str, ...]:
    bounds = NOTHING if one.ci95 is None else " … ".join(points(bound) for bound in one.ci95)
    return percent(one.a), percent(one.b), points(one.delta), bounds, probability(one.p_value)


def ranking_columns(found: Ranking) -> tuple[str, ...]:
    """Names of a leaderboard's columns."""
    named = ("place", "engine", "chain", found.metric.upper(), "95 % interval", "against the baseline", "p")
    return (*named, "won / lost / tied", "RTF", "peak memory", "ruler", "run")


def ranking_rows(found: Ranking) -> list[tuple[str, ...]]:
    """One row a run, the lowest rate first."""
    return [_ranking_row(row, found) for row in found.rows]


def _ranking_row(row: RankRow, found: Ranking) -> tuple[str, ...]:
    metric, against, cost = row.metrics[found.metric], row.against_baseline, row.cost
    peak = cost.peak_gpu_bytes or cost.peak_rss_bytes
    return (
        row.place,
        row.engine,
        row.chain or "none",
        percent(metric.rate),
        interval(metric.ci95),
        "baseline" if against is None else f"{points(against.delta)}, {against.verdict}",
        NOTHING if against is None else probability(against.p_value),
        NOTHING if against is None else f"{against.wins} / {against.losses} / {against.ties}",
        NOTHING if cost.rtf is None else f"{cost.rtf:.3f}",
        NOTHING if peak is None else mebibytes(peak),
        f"{found.ruler} {found.ruler_hash}",
        row.run_id,
    )


def ranking_lines(found: Ranking) -> list[str]:
    """What may be said of each run, and of how many clips."""
    lines = [
        f"{row.run_id} against the baseline: {row.against_baseline.sentence}."
        for row in found.rows
        if row.against_baseline is not None
    ]
    lines += [
        f"{row.run_id} against the leader: {row.against_leader.sentence}."
        for row in found.rows
        if row.against_leader is not None and found.leader != found.baseline and row.run_id != found.baseline
    ]
    lines += [note.sentence for note in found.corrections]
    drawn = say_units(found.clusters, found.cluster_by)
    lines.append(f"{found.common} clips in common{_left_out(found.dropped.items())}. Drawn: {drawn}.")
    return lines


def _left_out(dropped: Iterable[tuple[str, int]]) -> str:
    reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in dropped)
    return f"; left out: {reasons}" if reasons else ""


def _warn(warnings: Sequence[str], console: Console) -> None:
    for warning in warnings:
        console.note(f"warning: {warning}")
