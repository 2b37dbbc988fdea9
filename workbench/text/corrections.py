"""Corrections of a transcript that a reader may want: proposed one by one with a reason, each of which can be refused.

They are for reading and never for scoring: a benchmark compares what an engine wrote, and its rulers are in `rulers`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from workbench.errors import UnknownName, UsageError
from workbench.text import mistaken_characters, spoken_numbers, wording, writing

Found = tuple[int, int, str, str]
"""Start and end in the text, what to write there, and why, as a clause."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One place where a text would be written otherwise.

    Attributes:
        start: Where it begins, in characters of the text as it is.
        end: Where it ends; `start` where something is only put in.
        before: What stands there.
        after: What would stand there.
        rule: Which rule proposes it; "replacements" for the reader's own list.
        reason: Why, as a clause.
    """

    start: int
    end: int
    before: str
    after: str
    rule: str
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CorrectionRule:
    """A kind of correction that can be switched on.

    Attributes:
        name: "spacing".
        summary: What it does, as a clause.
        find: Places in a text, in order and apart from each other.
        excludes: Names of the rules that cannot be on at the same time.
    """

    name: str
    summary: str
    find: Callable[[str], Iterator[Found]]
    excludes: tuple[str, ...] = ()


_SCRIPTS = ("simplified", "traditional-hk", "traditional-tw")
_NUMBERS = ("digits", "numerals")

RULES: Mapping[str, CorrectionRule] = {
    rule.name: rule
    for rule in (
        CorrectionRule(
            name="particles", summary="的, 地 and 得 by the words beside them", find=mistaken_characters.find_particles
        ),
        CorrectionRule(name="zai", summary="在 and 再 by the words beside them", find=mistaken_characters.find_zai),
        CorrectionRule(name="fillers", summary="hesitations left out (嗯, 呃; um, uh)", find=wording.find_fillers),
        CorrectionRule(
            name="digits",
            summary="numbers in digits (一百二十 → 120)",
            find=spoken_numbers.find_numerals,
            excludes=("numerals",),
        ),
        CorrectionRule(
            name="numerals",
            summary="numbers in Chinese numerals (120 → 一百二十)",
            find=spoken_numbers.find_digits,
            excludes=("digits",),
        ),
        *(
            CorrectionRule(
                name=name,
                summary=writing.SCRIPTS[name].summary,
                find=writing.SCRIPTS[name].find,
                excludes=tuple(other for other in _SCRIPTS if other != name),
            )
            for name in _SCRIPTS
        ),
        CorrectionRule(
            name="spacing",
            summary="one space between Chinese and Latin words, none between Chinese characters",
            find=wording.find_spacing,
        ),
    )
}


def propose(text: str, rules: Sequence[str], *, replacements: Mapping[str, str] | None = None) -> tuple[Change, ...]:
    """What the chosen rules would change, in the order of the text; no two changes touch the same characters.

    Where two rules want the same place, the reader's own list comes first and then the order of `RULES`.

    Args:
        text: As the engine wrote it, or as it was edited.
        rules: Names out of `RULES`.
        replacements: What is written → what should be; Latin words are found as whole words, in any case.

    Raises:
        UnknownName: No such rule.
        UsageError: Two rules exclude each other.
    """
    _check(rules)
    taken: list[Change] = []
    wanted: list[tuple[str, Iterator[Found]]] = []
    if replacements:
        wanted.append(("replacements", wording.find_replacements(text, replacements)))
    wanted += [(name, rule.find(text)) for name, rule in RULES.items() if name in rules]
    for name, places in wanted:
        for start, end, after, reason in places:
            change = Change(start=start, end=end, before=text[start:end], after=after, rule=name, reason=reason)
            if change.before != after and not any(_touch(change, other) for other in taken):
                taken.append(change)
    return tuple(sorted(taken, key=lambda change: (change.start, change.end)))


def apply_changes(text: str, changes: Sequence[Change]) -> str:
    """The text with the changes made; leave out those that were refused.

    Args:
        text: The one they were proposed for.
        changes: In the order of the text, apart from each other.

    Raises:
        ValueError: They belong to another text.
    """
    parts: list[str] = []
    place = 0
    for change in changes:
        if change.start < place or text[change.start : change.end] != change.before:
            raise ValueError("these changes were proposed for another text")
        parts += [text[place : change.start], change.after]
        place = change.end
    return "".join([*parts, text[place:]])


def _check(rules: Sequence[str]) -> None:
    for name in rules:
        if name not in RULES:
            raise UnknownName("correction", name, RULES)
        for other in RULES[name].excludes:
            if other in rules:
                raise UsageError(f"The corrections {name} and {other} exclude each other.", hint="Choose one of them.")


def _touch(one: Change, other: Change) -> bool:
    """Whether two changes want the same characters; what is put in between two characters touches what covers it."""
    if one.start == one.end or other.start == other.end:
        return one.start <= other.end and other.start <= one.end and (one.start, one.end) != (other.end, other.start)
    return one.start < other.end and other.start < one.end
