"""Where a run's errors come from."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

from workbench import services
from workbench.cli.arguments import passed_on
from workbench.cli.console import Console
from workbench.cli.tables import percent
from workbench.runs.causes import Causes, TagCauses
from workbench.runs.causes_report import causes_json
from workbench.scoring.analysis import Analysis, KindCounts
from workbench.scoring.codeswitch import Recall
from workbench.scoring.confusions import Confusions
from workbench.scoring.counts import ErrorCounts
from workbench.scoring.terms import TermCounts, add_terms, read_terms
from workbench.text.rulers import MetricName

MOST_CONFUSIONS = 20
_STAGES = {
    "raw": "as they are",
    "punctuation": "punctuation, case and white space",
    "script": "traditional and simplified",
    "variants": "variant spellings",
    "numbers": "numbers",
    "english": "English spelling and contractions",
    "fillers": "fillers",
}


def causes(arguments: Namespace, console: Console) -> int:
    """Errors step by step and by kind, by tag too, and what became of a list of terms.

    Raises:
        WorkbenchError: The run or the list cannot be read.
    """
    terms = [*(read_terms(Path(arguments.terms_file)) if arguments.terms_file else ()), *(arguments.terms or ())]
    chosen = passed_on(arguments, services.causes)
    chosen["terms"] = terms
    found = services.causes(arguments.run, **chosen)
    console.document(causes_json(found))
    analysis = found.analysis
    console.say(f"Run {found.run_id}, {len(analysis.clips)} clips, ruler {analysis.ruler} {analysis.ruler_hash}")
    if found.corrections is not None:
        console.say(found.corrections.sentence)
    console.say("Errors after each step of the ruler:")
    console.table(("after", *_named(found.headline), "in the ruler"), list(_stages(found)))
    console.say("Kinds of errors, in mixed units:")
    console.table(("kind", "how many"), list(kind_rows(analysis)))
    _show_confusions(analysis.confusions, console)
    if terms:
        console.say("Terms:")
        console.table(("term", "found", "missed", "put in", "recall", "precision"), term_rows(analysis.terms))
    if found.by_tag:
        console.say("By tag, from added counts:")
        console.table(tag_columns(found), [tag_row(one, found) for one in found.by_tag])
    return 0


def _named(metric: MetricName) -> tuple[str, str]:
    return metric.upper(), f"{metric.upper()} errors of units"


def _stages(found: Causes) -> Iterator[tuple[str, ...]]:
    for stage in found.waterfall.stages:
        total = stage.total(found.headline)
        of_units = f"{total.counts.errors} of {total.counts.reference_length}"
        name = _STAGES.get(stage.group, stage.group)
        yield name, percent(total.counts.rate), of_units, "no" if stage.beyond else "yes"


def kind_rows(kinds: KindCounts | Analysis) -> Iterator[tuple[str, str]]:
    """A row for each kind that can be there."""
    mixed, told = kinds.codeswitch, kinds.hallucinations
    if mixed.han.reference_length and mixed.latin.reference_length:
        yield "in the Han part", _errors(mixed.han)
        yield "in the Latin part", _errors(mixed.latin)
        yield "at switches of language", _errors(mixed.at_switch)
        yield "elsewhere", _errors(mixed.elsewhere)
        yield "Latin terms found", _recall(mixed.terms)
        yield "Latin terms translated or written in Han", str(mixed.translated)
    if mixed.numbers.said:
        yield "numbers found", _recall(mixed.numbers)
    if (sounds := kinds.sounds) is not None:
        yield "by sound, with tone", _errors(sounds.syllables)
        yield "by sound, without tone", _errors(sounds.toneless)
        yield "wrong character, right sound", str(sounds.same_sound)
        yield "wrong character, right sound but for the tone", str(sounds.same_but_tone)
        yield "misheard characters", str(sounds.other_sound)
    if (written := kinds.written_mandarin) is not None:
        words = written.kept + written.rewritten + written.other
        yield "Cantonese words rewritten as Mandarin", f"{written.rewritten} of {words} ({percent(written.rate)})"
    yield "clips whose text loops", f"{told.loops} of {told.clips}"
    yield "clips with more text than time", f"{told.too_long} of {told.timed}"
    yield "clips without speech that got text", f"{told.empty_with_text} of {told.empty_references}"


def _show_confusions(confusions: Confusions, console: Console) -> None:
    every = (*confusions.substitutions, *confusions.deletions, *confusions.insertions)
    frequent = sorted(every, key=lambda one: -one.count)[:MOST_CONFUSIONS]
    console.say(f"The {len(frequent)} most frequent of {len(every)} confusions:")
    rows = [
        (one.reference or "(nothing)", one.hypothesis or "(nothing)", str(one.count), _listed(one.clips))
        for one in frequent
    ]
    console.table(("said", "heard", "times", "clips"), rows)


def _listed(ids: Sequence[str]) -> str:
    return ", ".join(ids[:4]) + (f" and {len(ids) - 4} more" if len(ids) > 4 else "")


def term_rows(terms: Mapping[str, TermCounts]) -> list[tuple[str, ...]]:
    """A row a term, and one for all where there are several."""
    rows = [_term_row(term, counts) for term, counts in terms.items()]
    total = add_terms(({"all": counts} for counts in terms.values()), ("all",))["all"]
    return [*rows, _term_row("(all)", total)] if len(rows) > 1 else rows


def _term_row(term: str, counts: TermCounts) -> tuple[str, ...]:
    numbers = (counts.found, counts.missed, counts.inserted)
    return term, *map(str, numbers), percent(counts.recall), percent(counts.precision)


def tag_columns(found: Causes) -> tuple[str, ...]:
    """Names of the columns of `tag_row`."""
    return (
        *("tag", "value", "clips", *_named(found.headline)),
        *(name for name, present in _optional(found.analysis).items() if present),
        *("loops", "too long"),
    )


def tag_row(one: TagCauses, found: Causes) -> tuple[str, ...]:
    """The errors of one value of a tag; the kinds that the run has."""
    kinds, total = one.kinds, one.total
    mixed, told = kinds.codeswitch, kinds.hallucinations
    terms = add_terms(({"all": counts} for counts in kinds.terms.values()), ("all",))["all"]
    cells = {
        "Han": _errors(mixed.han),
        "Latin": _errors(mixed.latin),
        "at switches": _errors(mixed.at_switch),
        "by sound": "" if kinds.sounds is None else _errors(kinds.sounds.syllables),
        "as Mandarin": "" if kinds.written_mandarin is None else percent(kinds.written_mandarin.rate),
        "terms found": f"{terms.found} of {terms.found + terms.missed}",
    }
    return (
        *(one.tag, one.value, str(one.scored)),
        *(percent(total.counts.rate), f"{total.counts.errors} of {total.counts.reference_length}"),
        *(cells[name] for name, present in _optional(found.analysis).items() if present),
        *(str(told.loops), str(told.too_long)),
    )


def _optional(analysis: Analysis) -> dict[str, bool]:
    """Columns of the tags' table, and whether the run has what is in them."""
    mixed = bool(analysis.codeswitch.han.reference_length and analysis.codeswitch.latin.reference_length)
    return {
        "Han": mixed,
        "Latin": mixed,
        "at switches": mixed,
        "by sound": analysis.sounds is not None,
        "as Mandarin": analysis.written_mandarin is not None,
        "terms found": bool(analysis.terms),
    }


def _errors(counts: ErrorCounts) -> str:
    return f"{percent(counts.rate)} ({counts.errors} of {counts.reference_length})"


def _recall(recall: Recall) -> str:
    return f"{recall.found} of {recall.said}"
