"""Where a run's errors come from, on the page. Pure: values in, HTML out.

A kind of error and a confusion are buttons that narrow the table of clips to theirs.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from html import escape

from workbench.runs.clip_query import Kind
from workbench.scoring.analysis import Analysis
from workbench.scoring.codeswitch import Recall
from workbench.scoring.confusions import Confusion, Confusions
from workbench.scoring.counts import ErrorCounts
from workbench.ui import format as written
from workbench.ui.language import say
from workbench.ui.picks import clips_button, pick

SHOWN_CONFUSIONS = 12
MOST_CONFUSIONS = 100
"""Of each kind: so many are shown at once, and so many when all are asked for."""

_LONGEST_UNIT = 40

_Fact = tuple[str, str, Kind | None]


def causes_view(analysis: Analysis) -> str:
    """Kinds of errors, and the most frequent substitutions, deletions and insertions."""
    return f'<div class="wb-causes">{_kinds(analysis)}{confusions_view(analysis.confusions)}</div>'


def confusions_view(confusions: Confusions) -> str:
    """What was mistaken for what, what was left out, what was added: a table each."""
    return (
        _panel(say("Substituted"), (say("Said"), say("Heard"), say("Times"), say("Clips")), confusions.substitutions)
        + _panel(say("Missing"), (say("Said"), say("Times"), say("Clips")), confusions.deletions)
        + _panel(say("Added"), (say("Heard"), say("Times"), say("Clips")), confusions.insertions)
    )


def _panel(title: str, headers: Sequence[str], several: Sequence[Confusion]) -> str:
    if not several:
        return ""
    head = "".join(f"<th>{header}</th>" for header in headers)
    first, rest = several[:SHOWN_CONFUSIONS], several[SHOWN_CONFUSIONS:MOST_CONFUSIONS]
    more = ""
    if rest:
        more = (
            f"<details><summary>{say('{count} more', count=f'{len(rest):,}')}</summary>"
            f'<table class="wb-table wb-figures wb-confusions"><tbody>{_rows(rest)}</tbody></table></details>'
        )
    others = len(several) - len(first) - len(rest)
    rarer = say("{count} rarer ones are not listed.", count=written.count(others))
    note = f'<p class="wb-note">{rarer}</p>' if others else ""
    different = say("{count} different", count=written.count(len(several)))
    return (
        f'<div class="wb-panel"><h3>{title} <span>{different}</span></h3>'
        f'<table class="wb-table wb-figures wb-confusions"><thead><tr>{head}</tr></thead>'
        f"<tbody>{_rows(first)}</tbody></table>{more}{note}</div>"
    )


def _rows(several: Sequence[Confusion]) -> str:
    return "".join(_row(one) for one in several)


def _row(one: Confusion) -> str:
    units = [_unit(unit) for unit in (one.reference, one.hypothesis) if unit]
    button = f'<button type="button" {pick(said=one.reference, heard=one.hypothesis)} title="{say("Show the clips")}">'
    cells = "".join(f'<td dir="auto">{button}{unit}</button></td>' for unit in units)
    return f"<tr>{cells}<td>{written.count(one.count)}</td><td>{written.count(len(one.clips))}</td></tr>"


def _unit(unit: str) -> str:
    return escape(unit if len(unit) <= _LONGEST_UNIT else f"{unit[:_LONGEST_UNIT]}…")


def _kinds(analysis: Analysis) -> str:
    rows = "".join(
        f"<tr><th>{_name(name, kind)}</th><td>{escape(value)}</td></tr>" for name, value, kind in _facts(analysis)
    )
    return (
        '<div class="wb-panel wb-kinds"><h3>' + say("What kind of errors") + '</h3><table class="wb-table wb-figures">'
        f"<thead><tr><th>{say('Kind')}</th><th>{say('How many')}</th></tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _name(name: str, kind: Kind | None) -> str:
    if kind is None:
        return escape(name)
    return clips_button(escape(name), kind=kind)


def _facts(analysis: Analysis) -> Iterator[_Fact]:
    yield from _mixed_facts(analysis)
    if (sounds := analysis.sounds) is not None:
        yield say("Error rate by sound, with tone"), written.rate(sounds.syllables.rate), None
        yield say("Error rate by sound, without tone"), written.rate(sounds.toneless.rate), None
        yield say("Wrong character, right sound"), written.count(sounds.same_sound), None
        yield say("Wrong character, right sound but for the tone"), written.count(sounds.same_but_tone), None
        yield say("Misheard characters"), written.count(sounds.other_sound), None
        same = sum(
            one.sounds is not None and 0 < one.sounds.same_sound == one.sounds.units.errors for one in analysis.clips
        )
        yield say("Clips wrong in such characters only"), written.count(same), "same sound" if same else None
    if (rewritten := analysis.written_mandarin) is not None:
        kind: Kind | None = "rewritten" if rewritten.rewritten else None
        yield say("Cantonese words rewritten as Mandarin"), written.rate(rewritten.rate), kind
    told = analysis.hallucinations
    yield say("Clips whose text loops"), written.count(told.loops), "loop" if told.loops else None
    yield say("Clips with more text than time"), written.count(told.too_long), "too long" if told.too_long else None
    if told.empty_references:
        silent: Kind | None = "text on silence" if told.empty_with_text else None
        yield (
            say("Clips without speech that got text"),
            say("{part} of {total}", part=told.empty_with_text, total=told.empty_references),
            silent,
        )


def _mixed_facts(analysis: Analysis) -> Iterator[_Fact]:
    mixed = analysis.codeswitch
    if mixed.han.reference_length and mixed.latin.reference_length:
        yield say("Errors in the Han part"), _errors(mixed.han), None
        yield say("Errors in the Latin part"), _errors(mixed.latin), None
        yield say("Errors beside a switch of language"), _errors(mixed.at_switch), None
        yield say("Errors elsewhere"), _errors(mixed.elsewhere), None
        yield say("Latin terms found"), _recall(mixed.terms), None
        translated: Kind | None = "translated" if mixed.translated else None
        yield say("Latin terms translated or written in Han"), written.count(mixed.translated), translated
    if mixed.numbers.said:
        yield say("Numbers found"), _recall(mixed.numbers), None


def _errors(counts: ErrorCounts) -> str:
    return say(
        "{rate} ({part} of {total})",
        rate=written.rate(counts.rate),
        part=written.count(counts.errors),
        total=written.count(counts.reference_length),
    )


def _recall(recall: Recall) -> str:
    return say("{part} of {total}", part=written.count(recall.found), total=written.count(recall.said))
