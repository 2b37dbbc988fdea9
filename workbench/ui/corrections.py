"""Corrections for reading as a layer over a transcript that can be switched: what it changes, and why.

Pure: values in, values and HTML out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from html import escape

from workbench.engines.base import Segment
from workbench.pipeline.edited import EditedTranscript
from workbench.pipeline.transcript import Transcript, join_texts
from workbench.text.corrections import RULES
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels

_MOST_ROWS = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """A transcript as the page shows it.

    Attributes:
        transcript: As the engine wrote it.
        ends: Where its chunks end, in seconds; a paragraph each.
        plain: Its text in paragraphs.
        text: What was put into the text box; what stands there now may have been edited.
        command: The one that made it, without corrections.
    """

    transcript: Transcript
    ends: tuple[float, ...]
    plain: str
    text: str
    command: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeGroup:
    """The same change for the same reason, wherever it is made.

    Attributes:
        before: What stands there; empty where something is put in.
        after: What is shown.
        reason: Why, as a clause.
        count: How often.
        first: Where the first one's segment begins, in seconds.
    """

    before: str
    after: str
    reason: str
    count: int
    first: float


def corrected_command(command: str, rules: Sequence[str]) -> str:
    """`workbench transcribe` with corrections switched on."""
    return " ".join([command, *(f"--correct {rule}" for rule in rules)])


def rule_choices() -> list[tuple[str, str]]:
    """What can be switched on, with what it does."""
    return [(rule.summary, name) for name, rule in RULES.items()]


def in_paragraphs(segments: Iterable[Segment], ends: Sequence[float]) -> str:
    """The text of segments, a paragraph for every chunk.

    Args:
        segments: In order.
        ends: Where the chunks end, in seconds, in order; what is after the last belongs to it.
    """
    paragraphs: list[list[str]] = [[] for _ in range(max(1, len(ends)))]
    for segment in segments:
        place = next((number for number, end in enumerate(ends) if segment.start < end), len(paragraphs) - 1)
        paragraphs[place].append(segment.text)
    return "\n\n".join(filter(None, (join_texts(texts) for texts in paragraphs)))


def grouped(edited: EditedTranscript) -> list[ChangeGroup]:
    """What the corrections that are on change, in the order in which each is first met."""
    starts = {passage.id: passage.start for passage in edited.passages}
    groups: dict[tuple[str, str, str], list[float]] = {}
    for one in edited.changes():
        if not one.refused:
            key = (one.change.before, one.change.after, one.change.reason)
            groups.setdefault(key, []).append(starts[one.segment])
    return [
        ChangeGroup(before=before, after=after, reason=reason, count=len(places), first=places[0])
        for (before, after, reason), places in groups.items()
    ]


def changes_view(groups: Sequence[ChangeGroup], *, player_id: str = "player", labels: Labels = ENGLISH) -> str:
    """What was changed, how often, and why; each is a button that plays the first place."""
    if not groups:
        return f'<p class="wb-note">{escape(labels.no_changes)}</p>'
    rows = "".join(_row(group) for group in groups[:_MOST_ROWS])
    rest = len(groups) - _MOST_ROWS
    more = f'<p class="wb-note">{escape(labels.more_changes.format(count=rest))}</p>' if rest > 0 else ""
    return f'<ul class="wb-changes" data-plays="{escape(player_id)}">{rows}</ul>{more}'


def _row(group: ChangeGroup) -> str:
    before = f"<del>{escape(_visible(group.before))}</del>" if group.before else ""
    after = f"<ins>{escape(_visible(group.after))}</ins>" if group.after else ""
    count = f' <span class="wb-num">×{group.count}</span>' if group.count > 1 else ""
    return (
        f'<li><button type="button" data-seek="{group.first:.3f}">'
        f'<time class="wb-num">{written.clock(group.first, decimals=1)}</time>'
        f'<span dir="auto">{before} {after}{count}</span><small>{escape(group.reason)}</small></button></li>'
    )


def _visible(text: str) -> str:
    """White space alone would not be seen."""
    return text if text.strip() else "␣" * len(text)
