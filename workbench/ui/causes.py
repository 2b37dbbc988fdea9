"""Where a run's errors come from, on the page. Pure: values in, HTML out."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from workbench.runs.causes import Causes
from workbench.scoring.analysis import Analysis
from workbench.scoring.codeswitch import Recall
from workbench.scoring.confusions import Confusion
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.waterfall import Waterfall
from workbench.text.rulers import MetricName
from workbench.ui import format as written
from workbench.ui.differences import METRIC_NAMES

MOST_CONFUSIONS = 12
_STAGES = {
    "raw": "as they are",
    "punctuation": "after punctuation, case and white space",
    "script": "after traditional and simplified",
    "variants": "after variant spellings",
    "numbers": "after numbers",
    "english": "after English spelling and contractions",
    "fillers": "after fillers",
}


def causes_view(found: Causes) -> str:
    """Errors after each step of the ruler, kinds of errors, and the most frequent confusions."""
    return (
        _waterfall(found.waterfall, found.headline)
        + _kinds(found.analysis)
        + _confusions(found.analysis.confusions.substitutions, found.analysis.confusions.deletions)
    )


def _waterfall(waterfall: Waterfall, metric: MetricName) -> str:
    totals = [(stage, stage.total(metric)) for stage in waterfall.stages]
    most = max((total.errors for _, total in totals), default=0) or 1
    rows = "".join(
        f"<tr><th>{escape(_STAGES.get(stage.group, stage.group))}{' (not in the ruler)' if stage.beyond else ''}</th>"
        f'<td><span class="wb-fall"><i style="width:{100 * total.errors / most:.1f}%"></i></span></td>'
        f"<td>{written.count(total.errors)}</td><td>{written.rate(total.counts.rate)}</td></tr>"
        for stage, total in totals
    )
    return _panel(f"How much of the {METRIC_NAMES[metric]} is spelling", ("Texts", "", "Errors", "Rate"), rows)


def _kinds(analysis: Analysis) -> str:
    rows = "".join(f"<tr><th>{escape(name)}</th><td>{escape(value)}</td></tr>" for name, value in _facts(analysis))
    return _panel("What kind of errors", ("Kind", "How many"), rows)


def _facts(analysis: Analysis) -> Iterator[tuple[str, str]]:
    mixed, told = analysis.codeswitch, analysis.hallucinations
    if mixed.han.reference_length and mixed.latin.reference_length:
        yield "Errors in the Han part", _errors(mixed.han)
        yield "Errors in the Latin part", _errors(mixed.latin)
        yield "Errors beside a switch of language", _errors(mixed.at_switch)
        yield "Errors elsewhere", _errors(mixed.elsewhere)
        yield "Latin terms found", _recall(mixed.terms)
        yield "Latin terms translated or written in Han", written.count(mixed.translated)
    if mixed.numbers.said:
        yield "Numbers found", _recall(mixed.numbers)
    if (sounds := analysis.sounds) is not None:
        yield "Error rate by sound, with tone", written.rate(sounds.syllables.rate)
        yield "Error rate by sound, without tone", written.rate(sounds.toneless.rate)
        yield "Wrong character, right sound", written.count(sounds.same_sound)
        yield "Wrong character, right sound but for the tone", written.count(sounds.same_but_tone)
        yield "Misheard characters", written.count(sounds.other_sound)
    if (rewritten := analysis.written_mandarin) is not None:
        yield "Cantonese words rewritten as Mandarin", written.rate(rewritten.rate)
    yield "Clips whose text loops", written.count(told.loops)
    yield "Clips with more text than time", written.count(told.too_long)
    if told.empty_references:
        yield "Clips without speech that got text", f"{told.empty_with_text} of {told.empty_references}"


def _confusions(substitutions: Sequence[Confusion], deletions: Sequence[Confusion]) -> str:
    frequent = sorted((*substitutions, *deletions), key=lambda one: -one.count)[:MOST_CONFUSIONS]
    rows = "".join(
        f'<tr><th dir="auto">{escape(one.reference)}</th><td dir="auto">{escape(one.hypothesis) or "<em>left out</em>"}'
        f"</td><td>{written.count(one.count)}</td><td class=wb-ids>{escape(', '.join(one.clips[:6]))}"
        f"{' …' if len(one.clips) > 6 else ''}</td></tr>"
        for one in frequent
    )
    return _panel("Most frequent confusions", ("Said", "Heard", "Times", "Clips"), rows) if rows else ""


def _panel(title: str, headers: Sequence[str], rows: str) -> str:
    head = "".join(f"<th>{escape(header)}</th>" for header in headers)
    return (
        f'<div class="wb-panel"><h3>{escape(title)}</h3><table class="wb-table wb-figures">'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _errors(counts: ErrorCounts) -> str:
    return f"{written.rate(counts.rate)} ({written.count(counts.errors)} of {written.count(counts.reference_length)})"


def _recall(recall: Recall) -> str:
    return f"{written.count(recall.found)} of {written.count(recall.said)}"
