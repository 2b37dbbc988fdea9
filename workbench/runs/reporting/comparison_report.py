"""The report of two runs held against each other."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

from workbench.runs.charts import ForestRow, forest_chart
from workbench.runs.compare import Comparison, PairRow
from workbench.runs.costs import CostDifference
from workbench.runs.differences import MetricDifference
from workbench.runs.reporting.clips import aligned_text, clip_notes
from workbench.runs.reporting.document import (
    AlignedClip,
    Block,
    Document,
    Figure,
    Figures,
    Paragraph,
    Picture,
    Section,
    Table,
    Warnings,
)
from workbench.runs.reporting.figures import (
    MEASURES,
    MISSING,
    say_bytes,
    say_clips,
    say_count,
    say_factor,
    say_p_value,
    say_points,
    say_points_between,
    say_rate,
    say_seconds,
)
from workbench.runs.reporting.origin import origin_blocks, spec_differences
from workbench.runs.reporting.run_report import foot, ordered
from workbench.runs.store import StoredRun
from workbench.scoring.verdicts import say_units
from workbench.text.rulers import MetricName, Ruler

MOST_CHANGED = 20
"""Clips that a report shows, those whose number of errors changed most."""

_BEGUN = len("20260102-030405")
"""Characters of a run's id that say when it was begun."""

_COSTS = {
    "wall_seconds": ("Time", say_seconds),
    "rtf": ("Real-time factor", say_factor),
    "cpu_seconds": ("Processor time", say_seconds),
    "gpu_seconds": ("GPU time", say_seconds),
    "peak_rss_bytes": ("Peak memory", say_bytes),
    "peak_gpu_bytes": ("Peak GPU memory, torch", say_bytes),
    "peak_gpu_process_bytes": ("Peak GPU memory, process", say_bytes),
}
_DIFFERENCES = ("", "A", "B", "B − A, points", "95 % interval", "p", "B better / worse / same", "Clips", "Verdict on B")


def report_comparison(a: StoredRun, b: StoredRun, found: Comparison, *, ruler: Ruler) -> Document:
    """Run B against run A in one document.

    Args:
        a: The baseline.
        b: What is held against it.
        found: The two, compared under the ruler.
        ruler: Which one.
    """
    names = system_names([a, b])
    return Document(
        title=f"{names[1]} against {names[0]}",
        subtitle=f"A: run {found.run_a}. B: run {found.run_b}. Ruler {found.ruler} ({found.ruler_hash}).",
        language=a.record.spec.set_language,
        sections=(
            Section(title="Result", blocks=(*_result(found),)),
            Section(title="What differs", blocks=(*_differs(a, b),)),
            Section(title="By group", blocks=(*_by_tag(found),)),
            Section(title="Cost", blocks=(*_cost(found),)),
            Section(title="The clips that changed most", blocks=(*_changed(found, ruler),)),
            Section(title="To make run A again", blocks=origin_blocks(a.record)),
            Section(title="To make run B again", blocks=origin_blocks(b.record)),
        ),
        foot=foot(),
    )


def system_names(runs: Sequence[StoredRun]) -> list[str]:
    """What each run is called beside the others: its engine, its chain, and where that is not enough, when it was."""
    names = [one.record.spec.engine + (f" + {one.record.spec.chain}" if one.record.spec.chain else "") for one in runs]
    ids = [one.record.run_id for one in runs]
    begun = [one[:_BEGUN] for one in ids]
    told_apart = begun if len(set(begun)) == len(runs) else ids
    return [f"{name} ({told})" if names.count(name) > 1 else name for name, told in zip(names, told_apart, strict=True)]


def _result(found: Comparison) -> Iterator[Block]:
    leading = found.metrics[found.headline]
    name = MEASURES[found.headline]
    yield Figures(
        figures=(
            Figure(name=f"{name}, A", value=say_rate(leading.a)),
            Figure(name=f"{name}, B", value=say_rate(leading.b)),
            Figure(
                name="B − A, percentage points",
                value=say_points(leading.delta),
                note=f"{say_points_between(leading.ci95)}, {leading.verdict}",
                leads=True,
            ),
        )
    )
    yield Paragraph(text=f"{name}: {leading.sentence}. {fates(leading)} {_tests(leading)}")
    yield Paragraph(text=f"{_pairing(found)} Drawn for intervals and tests: {_drawn(leading)}.")
    warnings = (*(note.sentence for note in found.corrections), *found.warnings)
    if warnings:
        yield Warnings(texts=warnings)
    several = [(MEASURES[name], found.metrics[name], found.common) for name in ordered(found.headline)]
    yield replace(differences_picture("Difference of B from A", several), with_table=True)


def fates(one: MetricDifference) -> str:
    """Clips won, lost and tied."""
    return (
        f"B has fewer errors in {say_clips(one.wins)}, more in {say_count(one.losses)} and as many in "
        f"{say_count(one.ties)}."
    )


def _tests(one: MetricDifference) -> str:
    said = f"Permutation test: p {say_p_value(one.p_value)}."
    if (test := one.mapsswe) is not None and test.p_value is not None:
        said += f" MAPSSWE over {say_count(test.segments)} segments: p {say_p_value(test.p_value)}."
    return f"{said} A difference is claimed only where interval and permutation test both show it."


def _drawn(one: MetricDifference) -> str:
    return say_units(one.clusters, one.cluster_by)


def _pairing(found: Comparison) -> str:
    reasons = ", ".join(f"{count} {reason.replace('_', ' ')}" for reason, count in found.dropped.items())
    left_out = f"; left out: {reasons}" if reasons else ", none left out"
    return f"{say_count(found.common)} clips are in both{left_out}."


Named = tuple[str, MetricDifference, int]
"""What a difference is of, the difference, and how many clips it is of."""


def differences_picture(title: str, several: Sequence[Named]) -> Picture:
    """Differences with their intervals, as a chart and as a table."""
    rows = [
        ForestRow(label=name, difference=one.delta, interval=one.ci95, verdict=one.verdict) for name, one, _ in several
    ]
    return Picture(svg=forest_chart(rows, title=title), table=_differences_table(several, title=title))


def _differences_table(several: Sequence[Named], *, title: str) -> Table:
    rows = tuple(
        (
            name,
            say_rate(one.a),
            say_rate(one.b),
            say_points(one.delta),
            say_points_between(one.ci95),
            say_p_value(one.p_value),
            f"{one.wins} / {one.losses} / {one.ties}",
            say_count(clips),
            one.verdict,
        )
        for name, one, clips in several
    )
    return Table(title=title, columns=_DIFFERENCES, rows=rows, numbers=frozenset(range(1, 8)))


def _differs(a: StoredRun, b: StoredRun) -> Iterator[Block]:
    table = spec_differences(a.record, b.record)
    if table.rows:
        yield table
        yield Paragraph(text="All else that is recorded of the two runs is the same.")
    else:
        yield Paragraph(text="Nothing that is recorded of the two runs differs: they are the same work, done twice.")


def _by_tag(found: Comparison) -> Iterator[Block]:
    for tag in dict.fromkeys(one.tag for one in found.by_tag):
        several = [(one.value, one.difference, one.common) for one in found.by_tag if one.tag == tag]
        yield differences_picture(f"{MEASURES[found.headline]} by {tag}", several)
    if found.by_tag:
        yield Paragraph(text="p-values and verdicts are corrected for the number of values of each tag (Holm).")


def _cost(found: Comparison) -> Iterator[Block]:
    rows = tuple(
        (name, say(one.a), say(one.b), *_say_ratio(one))
        for figure, (name, say) in _COSTS.items()
        if (one := found.cost[figure]).a is not None or one.b is not None
    )
    if rows:
        columns = ("Over the clips in both", "A", "B", "B / A", "95 % interval")
        yield Table(columns=columns, rows=rows, numbers=frozenset({1, 2, 3, 4}))
        yield Paragraph(
            text="The interval is of other clips like these, paired; another hour on the same machine may differ more. "
            "Memory is that of the whole process at its peak, so it has no interval."
        )


def _say_ratio(one: CostDifference) -> tuple[str, str]:
    ratio = MISSING if one.ratio is None else f"{one.ratio:.2f}"
    return ratio, MISSING if one.ratio_ci95 is None else f"{one.ratio_ci95[0]:.2f} … {one.ratio_ci95[1]:.2f}"


def _changed(found: Comparison, ruler: Ruler) -> Iterator[Block]:
    changed = [row for row in found.rows if _change(row, found.headline)]
    chosen = sorted(changed, key=lambda row: -abs(_change(row, found.headline)))[:MOST_CHANGED]
    if not chosen:
        yield Paragraph(text="No clip has more or fewer errors in B than in A.")
        return
    yield Paragraph(
        text=f"{say_count(len(chosen))} of {say_count(len(changed))} clips whose number of errors differs, the most "
        f"different first, aligned under {found.ruler}."
    )
    for row in chosen:
        yield _pair(row, found.headline, ruler)


def _change(row: PairRow, metric: MetricName) -> int:
    return row.counts_b[metric].errors - row.counts_a[metric].errors


def _pair(row: PairRow, metric: MetricName, ruler: Ruler) -> AlignedClip:
    change = _change(row, metric)
    fate = f"B has {abs(change)} {'fewer' if change < 0 else 'more'}"
    return AlignedClip(
        name=row.a.id,
        notes=(fate, *clip_notes(row.a)),
        said=row.a.reference,
        texts=(
            aligned_text(row.a, row.counts_a[metric], metric, ruler, system="A"),
            aligned_text(row.b, row.counts_b[metric], metric, ruler, system="B"),
        ),
    )
