"""Errors by kind, in words."""

from __future__ import annotations

from collections.abc import Iterator

from workbench.runs.reporting.document import Table
from workbench.runs.reporting.figures import say_count, say_errors, say_rate
from workbench.scoring.analysis import Analysis
from workbench.scoring.codeswitch import CodeSwitch, Recall
from workbench.scoring.confusions import Confusion, Confusions
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.hallucination import Hallucinations
from workbench.scoring.sounds import SoundCounts, WrittenMandarin

MOST_CONFUSIONS = 20
_MOST_CLIPS = 6
_NOTHING = "∅"


def kinds_table(analysis: Analysis) -> Table:
    """What can be said of the errors of these clips; kinds that the language has not are left out."""
    rows = [
        *_by_script(analysis.codeswitch),
        *_by_sound(analysis.sounds, analysis.written_mandarin),
        *_made_up(analysis.hallucinations),
    ]
    return Table(columns=("Kind", "How many"), rows=tuple(rows), title="Kinds of errors")


def _by_script(mixed: CodeSwitch) -> Iterator[tuple[str, str]]:
    if mixed.han.reference_length and mixed.latin.reference_length:
        yield "Errors in the Han part", _errors(mixed.han)
        yield "Errors in the Latin part", _errors(mixed.latin)
        yield "Errors beside a switch of language", _errors(mixed.at_switch)
        yield "Errors elsewhere", _errors(mixed.elsewhere)
        yield "Latin terms found", _recall(mixed.terms)
        yield "Latin terms translated or written in Han", say_count(mixed.translated)
    if mixed.numbers.said:
        yield "Numbers found", _recall(mixed.numbers)


def _by_sound(sounds: SoundCounts | None, mandarin: WrittenMandarin | None) -> Iterator[tuple[str, str]]:
    if sounds is not None:
        yield "Syllables wrong, with tone", _errors(sounds.syllables)
        yield "Syllables wrong, without tone", _errors(sounds.toneless)
        yield "Wrong character, right sound", say_count(sounds.same_sound)
        yield "Wrong character, right sound but for the tone", say_count(sounds.same_but_tone)
        yield "Misheard characters", say_count(sounds.other_sound)
    if mandarin is not None:
        said = mandarin.kept + mandarin.rewritten + mandarin.other
        yield "Cantonese words rewritten as Mandarin", f"{say_rate(mandarin.rate)} ({mandarin.rewritten} of {said})"


def _made_up(told: Hallucinations) -> Iterator[tuple[str, str]]:
    yield "Clips whose text loops", f"{say_count(told.loops)} of {say_count(told.clips)}"
    yield (
        "Clips with more text than can be said in their time",
        f"{say_count(told.too_long)} of {say_count(told.timed)}",
    )
    if told.empty_references:
        yield "Clips without speech that got text", f"{told.empty_with_text} of {told.empty_references}"


def confusions_table(found: Confusions) -> Table | None:
    """The most frequent errors unit by unit, in mixed units; None where there are no errors."""
    several = (*found.substitutions, *found.deletions, *found.insertions)
    frequent = sorted(several, key=lambda one: -one.count)[:MOST_CONFUSIONS]
    if not frequent:
        return None
    left = len(several) - len(frequent)
    return Table(
        columns=("Said", "Heard", "Times", "Clips"),
        rows=tuple(
            (one.reference or _NOTHING, one.hypothesis or _NOTHING, say_count(one.count), _clips(one))
            for one in frequent
        ),
        numbers=frozenset({2}),
        title=f"Most frequent of {say_count(len(several))} confusions" if left else "Confusions",
    )


def _clips(one: Confusion) -> str:
    more = len(one.clips) - _MOST_CLIPS
    return ", ".join(one.clips[:_MOST_CLIPS]) + (f" and {more} more" if more > 0 else "")


def _errors(counts: ErrorCounts) -> str:
    return f"{say_rate(counts.rate)} ({say_errors(counts.errors)}, {say_count(counts.reference_length)} units)"


def _recall(recall: Recall) -> str:
    return f"{say_count(recall.found)} of {say_count(recall.said)}"
