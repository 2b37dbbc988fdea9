"""The report of one run."""

from __future__ import annotations

from collections.abc import Iterator

from workbench import __version__
from workbench.runs.causes import Causes
from workbench.runs.charts import (
    waterfall_bars,
    waterfall_chart,
)
from workbench.runs.reporting.clips import worst_clips
from workbench.runs.reporting.document import (
    Block,
    Document,
    Facts,
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
    UNITS,
    say_clips,
    say_count,
    say_errors,
    say_interval,
    say_rate,
)
from workbench.runs.reporting.kinds import confusions_table, kinds_table
from workbench.runs.reporting.origin import cost_facts, origin_blocks, spec_facts
from workbench.runs.reporting.places import where_errors_are
from workbench.runs.store import StoredRun
from workbench.runs.summary import RunSummary
from workbench.scoring.score import METRICS, Metric
from workbench.scoring.verdicts import say_units
from workbench.text.rulers import MetricName, Ruler

_LANGUAGE = {"success": "finished", "started": "not finished", "error": "broken off", "cancelled": "cancelled"}


def report_run(run: StoredRun, summary: RunSummary, causes: Causes, *, ruler: Ruler) -> Document:
    """A run in one document.

    Args:
        run: As stored.
        summary: Its score under the ruler.
        causes: Its errors, taken apart under the same.
        ruler: Which one.
    """
    spec = run.record.spec
    return Document(
        title=f"{spec.eval_set} with {spec.engine}",
        subtitle=f"Run {summary.run_id}, {_LANGUAGE[summary.status]}, ruler {summary.ruler} ({summary.ruler_hash})",
        language=spec.set_language,
        sections=(
            Section(title="Result", blocks=(*_result(run, summary),)),
            Section(title="What was measured", blocks=(*_measured(run, summary),)),
            Section(title="Where the errors are", blocks=(*where_errors_are(summary, ruler),)),
            Section(title="What kind of errors", blocks=(*_kinds(causes),)),
            Section(title="The clips with the most errors", blocks=(*worst_clips(summary, ruler),)),
            Section(title="Failures", blocks=(*_failures(summary),)),
            Section(title="To make it again", blocks=origin_blocks(run.record)),
        ),
        foot=foot(),
    )


def foot() -> tuple[str, ...]:
    """What holds for every report."""
    return (
        f"Made by workbench {__version__} on the machine that holds the runs; nothing was sent anywhere.",
        "The recordings are not in this file; what was said and what was recognised is. Hand it on accordingly.",
    )


def _result(run: StoredRun, summary: RunSummary) -> Iterator[Block]:
    yield Figures(figures=tuple(_figure(name, summary) for name in ordered(summary.headline)))
    leading = summary.metrics[summary.headline]
    yield Paragraph(text=f"{_outcome(summary)} {_errors(leading, summary.headline)} {_chance(leading)}")
    if warnings := tuple(_warnings(run, summary)):
        yield Warnings(texts=warnings)
    yield metrics_table(summary)


def ordered(headline: MetricName) -> list[MetricName]:
    """All measures, the leading one first."""
    return sorted(METRICS, key=lambda name: name != headline)


def _figure(name: MetricName, summary: RunSummary) -> Figure:
    metric = summary.metrics[name]
    return Figure(
        name=MEASURES[name], value=say_rate(metric.rate), note=say_interval(metric.ci95), leads=name == summary.headline
    )


def _outcome(summary: RunSummary) -> str:
    said = f"{say_count(summary.scored)} of {say_count(summary.total)} clips were scored"
    return f"{said}, {say_count(summary.failed)} failed." if summary.failed else f"{said}, none failed."


def _errors(metric: Metric, name: MetricName) -> str:
    counts = metric.counts
    if not counts.reference_length:
        return "Nothing was said in them, so there is no error rate."
    return (
        f"{MEASURES[name]}: {say_errors(counts.errors)} in {say_count(counts.reference_length)} {UNITS[name]} "
        f"({say_count(counts.substitutions)} substituted, {say_count(counts.deletions)} missing, "
        f"{say_count(counts.insertions)} added)."
    )


def _chance(metric: Metric) -> str:
    if metric.ci95 is None:
        return f"With {say_units(metric.clusters, metric.cluster_by)} there is no interval."
    return f"Intervals are of 95 %, by drawing from {say_units(metric.clusters, metric.cluster_by)}."


def _warnings(run: StoredRun, summary: RunSummary) -> Iterator[str]:
    if summary.corrections is not None:
        yield summary.corrections.sentence
    if summary.status != "success":
        yield f"The run is {_LANGUAGE[summary.status]}: {summary.error or 'it did not come to its end.'}"
    if run.missing > 0:
        yield f"Not done: {say_clips(run.missing)} of {say_count(summary.total)}; figures are of the others."
    if summary.failed:
        yield f"Failed, and in no figure: {say_clips(summary.failed)}, listed below."
    if empty := len(summary.empty_references):
        yield f"Without a reference under the ruler: {say_clips(empty)}; what was recognised there is in no rate."
    if cut := sum(row.result.finish == "length" for row in summary.rows):
        yield f"The engine ran out of tokens, so that the text may lack its end: {say_clips(cut)}."
    if told := sum(bool(row.result.warnings) for row in summary.rows):
        yield f"The engine or the reader warned of something: {say_clips(told)}."
    yield from summary.warnings


def metrics_table(summary: RunSummary) -> Table:
    """Every measure with its interval and counts."""
    columns = ("Measure", "Rate", "95 % interval", "Errors", "Substituted", "Missing", "Added", "Units", "Clips")
    rows = tuple(_metric_row(MEASURES[name], summary.metrics[name]) for name in ordered(summary.headline))
    return Table(columns=columns, rows=rows, numbers=frozenset(range(1, len(columns))))


def _metric_row(name: str, metric: Metric) -> tuple[str, ...]:
    counts = metric.counts
    several = (counts.errors, counts.substitutions, counts.deletions, counts.insertions, counts.reference_length)
    return (name, say_rate(metric.rate), say_interval(metric.ci95), *map(say_count, (*several, metric.items)))


def _measured(run: StoredRun, summary: RunSummary) -> Iterator[Block]:
    spec, environment = run.record.spec, run.record.environment
    gpus = ", ".join(str(gpu["name"]) for gpu in environment.get("gpus") or ())
    facts = {
        "Set": f"{spec.eval_set}, {say_count(spec.items)} clips",
        "Engine": f"{spec.engine}: {spec.model_id}",
        "Preprocessing": spec.chain or "none",
        **({} if spec.chunk_seconds is None else {"Chunk length": spec_facts(spec)["Chunk length"]}),
        "Machine": ", ".join(part for part in (str(environment.get("cpu") or MISSING), gpus) if part),
        "On": ", ".join(part for part in (spec.device, spec.dtype) if part) or MISSING,
    }
    yield Facts(rows=tuple(facts.items()))
    cost = cost_facts(summary.measurement)
    yield cost if cost is not None else Paragraph(text="No cost was measured: these texts come from another system.")


def _kinds(causes: Causes) -> Iterator[Block]:
    title = f"Errors after each step of the ruler, {MEASURES[causes.headline]}"
    bars = waterfall_bars(causes.waterfall, causes.headline)
    yield Picture(
        svg=waterfall_chart(bars, title=title),
        table=Table(
            title=title,
            columns=("Texts", "Errors", "Rate"),
            rows=tuple(
                (f"{one.label}{' (not in the ruler)' if one.beyond else ''}", say_count(one.errors), say_rate(one.rate))
                for one in bars
            ),
            numbers=frozenset({1, 2}),
        ),
        note="What a step takes away is spelling and layout; what is left after the last is recognition.",
    )
    yield kinds_table(causes.analysis)
    confusions = confusions_table(causes.analysis.confusions)
    yield confusions if confusions is not None else Paragraph(text="There are no errors.")


def _failures(summary: RunSummary) -> Iterator[Block]:
    if summary.failures:
        rows = tuple((one.id, one.error, one.message) for one in summary.failures)
        yield Table(columns=("Clip", "Error", "What happened"), rows=rows)
