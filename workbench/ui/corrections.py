"""Corrections for reading as a layer over a transcript that can be switched: what it changes, why, and what is refused.

Pure: values in, values and HTML out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from workbench.pipeline.edited import EditedTranscript, ProposedChange
from workbench.text.corrections import RULES
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels
from workbench.ui.language import tell

_MOST_ROWS = 100
_MOST_PLACES = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where a change is made.

    Attributes:
        start: Where its segment begins, in seconds.
        proposed: The change there.
    """

    start: float
    proposed: ProposedChange


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """The same change for the same reason, wherever it is proposed.

    Attributes:
        before: What stands there; empty where something is put in.
        after: What is shown.
        reason: Why, as a clause.
        places: Where, in order; at least one.
    """

    before: str
    after: str
    reason: str
    places: tuple[Place, ...]

    @property
    def refused(self) -> int:
        """At how many places readers do not get it."""
        return sum(place.proposed.refused for place in self.places)


def corrected_command(command: str, rules: Sequence[str]) -> str:
    """`workbench transcribe` with corrections switched on; nothing for no command."""
    if not command:
        return ""
    return " ".join([command, *(f"--correct {rule}" for rule in rules)])


def rule_choices() -> list[tuple[str, str]]:
    """What can be switched on, with what it does."""
    return [(tell(rule.summary), name) for name, rule in RULES.items()]


def rules_view(edited: EditedTranscript, labels: Labels = ENGLISH) -> str:
    """The corrections as boxes to tick, and the reader's own list."""
    boxes = "".join(
        f'<label><input type="checkbox" data-rule="{escape(name)}" data-keep="rule-{escape(name)}"'
        f' data-excludes="{escape(" ".join(RULES[name].excludes))}"'
        f"{' checked' if name in edited.rules else ''}> {escape(summary)}</label>"
        for summary, name in rule_choices()
    )
    pairs = "\n".join(f"{before} => {after}" for before, after in edited.replacements.items())
    return (
        f'<div class="wb-rules">{boxes}</div><label class="wb-own-list"><span>{escape(labels.own_replacements)}</span>'
        f'<textarea data-replacements data-keep="replacements" rows="3" spellcheck="false" dir="auto" '
        f'placeholder="{escape(labels.own_replacements_example)}">{escape(pairs)}</textarea>'
        f"<small>{escape(labels.own_replacements_info)}</small></label>"
    )


def grouped(edited: EditedTranscript) -> list[ChangeGroup]:
    """What the corrections that are on propose, in the order in which each is first met."""
    starts = {passage.id: passage.start for passage in edited.passages}
    groups: dict[tuple[str, str, str], list[Place]] = {}
    for one in edited.changes():
        key = (one.change.before, one.change.after, one.change.reason)
        groups.setdefault(key, []).append(Place(start=starts[one.segment], proposed=one))
    return [
        ChangeGroup(before=before, after=after, reason=reason, places=tuple(places))
        for (before, after, reason), places in groups.items()
    ]


def changes_view(groups: Sequence[ChangeGroup], *, player_id: str = "player", labels: Labels = ENGLISH) -> str:
    """What was changed, where, and why. A press on a time plays the place; each change can be refused."""
    if not groups:
        return f'<p class="wb-note">{escape(labels.no_changes)}</p>'
    rows = "".join(_group_row(group, labels) for group in groups[:_MOST_ROWS])
    rest = len(groups) - _MOST_ROWS
    more = f'<p class="wb-note">{escape(labels.more_changes.format(count=rest))}</p>' if rest > 0 else ""
    count, refused = sum(len(group.places) for group in groups), sum(group.refused for group in groups)
    told = labels.changes_count.format(count=count, refused=refused)
    return (
        f'<p class="wb-note wb-num">{escape(told)}</p>'
        f'<ul class="wb-changes" data-plays="{escape(player_id)}">{rows}</ul>{more}'
    )


def _group_row(group: ChangeGroup, labels: Labels) -> str:
    places = list(group.places)
    before = f"<del>{escape(_visible(group.before))}</del>" if group.before else ""
    after = f"<ins>{escape(_visible(group.after))}</ins>" if group.after else ""
    times = f' <span class="wb-num">×{len(places)}</span>' if len(places) > 1 else ""
    change = f'<span dir="auto">{before} {after}{times}</span><small>{escape(tell(group.reason))}</small>'
    first, *others = places
    if not others:
        return f"<li{_struck(first)}>{_time(first)}{change}{_switch(first, labels)}</li>"
    each = "".join(f"<li{_struck(one)}>{_time(one)}{_switch(one, labels)}</li>" for one in places[:_MOST_PLACES])
    rest = len(places) - _MOST_PLACES
    more = f"<li><small>{escape(labels.more_places.format(count=rest))}</small></li>" if rest > 0 else ""
    key = escape(f"{group.before}>{group.after}>{group.reason}")
    return (
        f'<li>{_time(first)}{change}<details data-fold="{key}">'
        f"<summary>{escape(labels.each_place.format(count=len(places)))}</summary><ul>{each}{more}</ul></details></li>"
    )


def _struck(place: Place) -> str:
    return ' class="wb-refused"' if place.proposed.refused else ""


def _time(place: Place) -> str:
    time = written.clock(place.start, decimals=1)
    return f'<button type="button" class="wb-num" data-seek="{place.start:.3f}"><time>{time}</time></button>'


def _switch(place: Place, labels: Labels) -> str:
    """Refuses the change, or has it after all."""
    one = place.proposed
    label = labels.take_back if one.refused else labels.refuse
    return (
        f'<button type="button" class="wb-small" data-act="refuse" data-segment="{one.segment}" '
        f'data-start="{one.change.start}" data-change-rule="{escape(one.change.rule)}" '
        f'data-refused="{"" if one.refused else "1"}">{escape(label)}</button>'
    )


def _visible(text: str) -> str:
    """White space alone would not be seen."""
    return text if text.strip() else "␣" * len(text)
