"""A benchmark on the page: totals, a row a clip, groups. Pure: values in, rows and HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from workbench.evalsets.load import SetInfo
from workbench.pipeline.measurement import Kind, Measurement
from workbench.runs.imported import NOT_KNOWN
from workbench.runs.records import RunRecord
from workbench.runs.summary import TagRow
from workbench.scoring.clusters import NAMES
from workbench.scoring.score import Metric
from workbench.text.languages import language_name
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.language import say, tell
from workbench.ui.picks import clips_button

_LONGEST = 30  # characters of an option in a list


def totals_view(
    metrics: Mapping[MetricName, Metric],
    *,
    headline: MetricName,
    ruler: str,
    ruler_hash: str,
    scored: int,
    failed: int,
    total: int,
    measurement: Measurement | None,
    remarks: Sequence[str] = (),
) -> str:
    """The run's rates with their intervals, the leading one large, what it cost, and what to bear in mind."""
    names = sorted(metrics, key=lambda name: name != headline)
    rates = "".join(_rate_cell(name, metrics[name], leading=name == headline) for name in names)
    done: dict[str, object] = {"scored": written.count(scored), "total": written.count(total)}
    counted = say("Scored {scored} of {total}.", **done)
    if failed:
        failures = f'<b class="wb-failed">{say("{count} failed", count=written.count(failed))}</b>'
        counted = say("Scored {scored} of {total}, {failures}.", failures=failures, **done)
    basis = say(
        "Ruler {ruler}, 95 % bootstrap intervals over {units}.",
        ruler=f"{escape(ruler)} <code>{escape(ruler_hash)}</code>",
        units=_chance(metrics[headline]),
    )
    return (
        f'<div class="wb-panel wb-totals"><dl class="wb-rates">{rates}</dl>'
        f'<dl class="wb-costs">{_costs(measurement)}</dl>'
        f'<p class="wb-hint">{counted} {basis}</p>'
        f"{''.join(f'<p class=wb-hint>{escape(one)}</p>' for one in remarks)}</div>"
    )


def _chance(metric: Metric) -> str:
    """What the intervals draw: `25 clips`, `5 speakers`."""
    return tell(f"{written.count(metric.clusters)} {NAMES[metric.cluster_by][metric.clusters != 1]}")


def _rate_cell(name: MetricName, metric: Metric, *, leading: bool) -> str:
    interval = written.MISSING
    if metric.ci95 is not None:
        interval = f"{100 * metric.ci95[0]:.1f} – {100 * metric.ci95[1]:.1f} %"
    counts = metric.counts
    detail = say("{errors} of {total}", errors=written.edits(counts), total=written.count(counts.reference_length))
    mark = ' class="wb-leading"' if leading else ""
    return (
        f"<div{mark}><dt>{METRIC_NAMES[name]}</dt><dd>{written.rate(metric.rate)}</dd>"
        f"<dd>{interval}</dd><dd>{detail}</dd></div>"
    )


def _costs(measurement: Measurement | None) -> str:
    if measurement is None:
        return ""
    gpu = measurement.peak_gpu_bytes if measurement.peak_gpu_bytes is not None else measurement.peak_gpu_process_bytes
    facts = [
        (say("Audio"), written.duration(measurement.audio_seconds)),
        (say("Took"), written.seconds(measurement.wall_seconds)),
        (say("RTF"), written.factor(measurement.rtf)),
        (say("Speed"), written.speed(measurement.rtf)),
        (say("Peak memory"), written.memory(measurement.peak_rss_bytes)),
    ]
    if measurement.gpu_seconds is not None:
        facts.append((say("GPU time"), written.seconds(measurement.gpu_seconds)))
    if gpu is not None:
        facts.append((say("Peak GPU"), written.memory(gpu)))
    facts.append((say("Time is of"), whose_time(measurement.kind)))
    if measurement.gpu_seconds is None and gpu is None:
        facts.append((say("GPU"), say("not measured")))
    return "".join(f"<div><dt>{escape(name)}</dt><dd>{escape(value)}</dd></div>" for name, value in facts)


def whose_time(kind: Kind) -> str:
    """What a time was measured of."""
    if kind == "single":
        return say("this clip alone")
    return say("its share of a batch") if kind == "amortised" else say("its share of several engines' time")


def tags_view(rows: Sequence[TagRow], headline: MetricName) -> str:
    """Rates by the values of each tag that groups clips, by added counts; nothing where none does."""
    if not rows:
        return ""
    body = "".join(
        f"<tr><td>{escape(tell(row.tag))}</td><th>{_value(row)}</th><td>{written.count(row.scored)}</td>"
        + "".join(f"<td>{written.rate(row.counts[name].rate)}</td>" for name in ("cer", "wer", "mer"))
        + f"<td>{written.count(row.failed) if row.failed else ''}</td></tr>"
        for row in rows
    )
    marks = {name: ' class="wb-leading"' if name == headline else "" for name in METRIC_NAMES}
    return (
        f'<div class="wb-panel wb-scroll"><table class="wb-table wb-figures"><thead><tr><th>{say("Tag")}</th>'
        f"<th>{say('Value')}</th><th>{say('Clips')}</th><th{marks['cer']}>CER</th><th{marks['wer']}>WER</th>"
        f"<th{marks['mer']}>MER</th><th>{say('Failed')}</th>"
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _value(row: TagRow) -> str:
    return clips_button(escape(row.value), tag=[row.tag, row.value])


def sets_view(sets: Sequence[SetInfo]) -> str:
    """What can be run, before anything was."""
    synthetic = f"<span class=wb-tag>{say('synthetic')}</span>"
    body = "".join(
        f"<tr><th>{escape(one.name)}</th><td class=wb-wraps>{escape(tell(one.title))}"
        f"{synthetic if one.synthetic else ''}</td>"
        f"<td>{escape(_language(one.language))}</td><td>{written.count(one.items)}</td>"
        f"<td>{written.duration(one.seconds)}</td></tr>"
        for one in sets
    )
    return (
        f'<div class="wb-panel wb-scroll"><table class="wb-table wb-figures"><thead><tr><th>{say("Set")}</th>'
        f"<th>{say('What')}</th><th>{say('Language')}</th><th>{say('Clips')}</th><th>{say('Length')}</th></tr></thead>"
        f"<tbody>{body}</tbody></table></div>"
    )


def run_label(record: RunRecord, options: Mapping[str, Any]) -> str:
    """A stored run in a list: when, what on what, with what, how it ended.

    Args:
        record: Of the run.
        options: Those of the engine's options that are not as they are by default.
    """
    spec = record.spec
    parts = [
        record.created.replace("T", " ")[:16],
        spec.eval_set,
        spec.engine,
        " ".join(f"{name}={_option(value)}" for name, value in options.items()),
        "" if spec.language in ("set", NOT_KNOWN) else say("told {language}", language=spec.language),
        spec.chain,
        "" if spec.chunk_seconds is None else say("chunks of {seconds} s", seconds=f"{spec.chunk_seconds:g}"),
        "" if record.status == "success" else tell(record.status),
    ]
    return " · ".join(part for part in parts if part)


def _option(value: Any) -> str:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def _language(code: str) -> str:
    if code == "mixed":
        return say("several")
    return " + ".join(tell(language_name(part)) for part in code.split("-")) if code else written.MISSING
