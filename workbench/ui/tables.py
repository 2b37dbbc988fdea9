"""A benchmark on the page: totals, a row a clip, groups. Pure: values in, rows and HTML out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

from workbench.evalsets.load import SetInfo
from workbench.pipeline.measurement import Measurement
from workbench.runs.imported import NOT_KNOWN
from workbench.runs.records import RunRecord
from workbench.runs.summary import TagRow
from workbench.scoring.clusters import NAMES
from workbench.scoring.score import Metric
from workbench.text.languages import language_name
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.differences import METRIC_NAMES
from workbench.ui.picks import pick

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
    failures = f', <b class="wb-failed">{written.count(failed)} failed</b>' if failed else ""
    return (
        f'<div class="wb-panel wb-totals"><dl class="wb-rates">{rates}</dl>'
        f'<dl class="wb-costs">{_costs(measurement)}</dl>'
        f'<p class="wb-hint">Scored {written.count(scored)} of {written.count(total)}{failures}. Ruler {escape(ruler)} '
        f"<code>{escape(ruler_hash)}</code>, 95 % bootstrap intervals over {_chance(metrics[headline])}.</p>"
        f"{''.join(f'<p class=wb-hint>{escape(one)}</p>' for one in remarks)}</div>"
    )


def _chance(metric: Metric) -> str:
    """What the intervals draw: `25 clips`, `5 speakers`."""
    return f"{written.count(metric.clusters)} {NAMES[metric.cluster_by][metric.clusters != 1]}"


def _rate_cell(name: MetricName, metric: Metric, *, leading: bool) -> str:
    interval = written.MISSING
    if metric.ci95 is not None:
        interval = f"{100 * metric.ci95[0]:.1f} – {100 * metric.ci95[1]:.1f} %"
    counts = metric.counts
    detail = (
        f"{counts.substitutions} sub, {counts.deletions} del, {counts.insertions} ins of {counts.reference_length:,}"
    )
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
        ("Audio", written.duration(measurement.audio_seconds)),
        ("Took", written.seconds(measurement.wall_seconds)),
        ("RTF", written.factor(measurement.rtf)),
        ("Speed", written.speed(measurement.rtf)),
        ("Peak memory", written.memory(measurement.peak_rss_bytes)),
        ("GPU time", written.seconds(measurement.gpu_seconds)),
        ("Peak GPU", written.memory(gpu)),
        ("Times", "this clip alone" if measurement.kind == "single" else "share of a batch"),
    ]
    missing = {"GPU time", "Peak GPU"}
    shown = [(name, value) for name, value in facts if not (name in missing and value == written.MISSING)]
    if measurement.gpu_seconds is None and gpu is None:
        shown.append(("GPU", "not measured"))
    return "".join(f"<div><dt>{name}</dt><dd>{escape(value)}</dd></div>" for name, value in shown)


def tags_view(rows: Sequence[TagRow], headline: MetricName) -> str:
    """Rates by the values of each tag that groups clips, by added counts; nothing where none does."""
    if not rows:
        return ""
    body = "".join(
        f"<tr><td>{escape(row.tag)}</td><th>{_value(row)}</th><td>{written.count(row.scored)}</td>"
        + "".join(f"<td>{written.rate(row.counts[name].rate)}</td>" for name in ("cer", "wer", "mer"))
        + f"<td>{written.count(row.failed) if row.failed else ''}</td></tr>"
        for row in rows
    )
    marks = {name: ' class="wb-leading"' if name == headline else "" for name in METRIC_NAMES}
    return (
        '<div class="wb-panel wb-scroll"><table class="wb-table wb-figures"><thead><tr><th>Tag</th><th>Value</th>'
        f"<th>Clips</th><th{marks['cer']}>CER</th><th{marks['wer']}>WER</th><th{marks['mer']}>MER</th><th>Failed</th>"
        f"</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _value(row: TagRow) -> str:
    return f'<button type="button" {pick(tag=[row.tag, row.value])} title="Show the clips">{escape(row.value)}</button>'


def sets_view(sets: Sequence[SetInfo]) -> str:
    """What can be run, before anything was."""
    body = "".join(
        f"<tr><th>{escape(one.name)}</th><td>{escape(one.title)}"
        f"{'<span class=wb-tag>synthetic</span>' if one.synthetic else ''}</td>"
        f"<td>{escape(_language(one.language))}</td><td>{written.count(one.items)}</td>"
        f"<td>{written.duration(one.seconds)}</td></tr>"
        for one in sets
    )
    return (
        '<div class="wb-panel wb-scroll"><table class="wb-table wb-figures"><thead><tr><th>Set</th><th>What</th>'
        f"<th>Language</th><th>Clips</th><th>Length</th></tr></thead><tbody>{body}</tbody></table></div>"
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
        "" if spec.language in ("set", NOT_KNOWN) else f"told {spec.language}",
        spec.chain,
        "" if record.status == "success" else record.status,
    ]
    return " · ".join(part for part in parts if part)


def _option(value: Any) -> str:
    said = str(value).lower() if isinstance(value, bool) else str(value)
    return said if len(said) <= _LONGEST else f"{said[: _LONGEST - 1]}…"


def _language(code: str) -> str:
    if code == "mixed":
        return "several"
    return " + ".join(language_name(part) for part in code.split("-")) if code else written.MISSING
