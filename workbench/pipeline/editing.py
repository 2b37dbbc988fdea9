"""Edits applied one after the other: what a transcript is after each of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from workbench.errors import UnknownName, UsageError
from workbench.pipeline.coverage import Flag
from workbench.pipeline.edits import (
    AssignSpeaker,
    CheckFlag,
    ChooseCorrections,
    Edit,
    MergeWithNext,
    NameSpeaker,
    Redo,
    RefuseChange,
    ReplaceSegments,
    SetText,
    SplitSegment,
    Undo,
)
from workbench.pipeline.passages import (
    Passage,
    merge_passages,
    new_passages,
    split_passage,
    with_refusal,
    with_text,
)
from workbench.pipeline.rerun import Rerun
from workbench.pipeline.speaker_labels import label_segments
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.turns import TOGETHER
from workbench.text.corrections import propose

_SAME_PLACE_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Edited:
    """A transcript after some edits.

    Attributes:
        raw: As the engine wrote it.
        passages: Its segments now, in order.
        next_id: The number of the next new segment.
        names: What speakers are called, by label, in the order in which they were named.
        added: Labels of speakers that only a person knows of.
        flags: Places to check, also of what was transcribed again, in order.
        checked: Those of them that somebody looked at.
        reruns: What was transcribed again.
        corrections: Which are on.
    """

    raw: Transcript
    passages: tuple[Passage, ...]
    next_id: int
    names: tuple[tuple[str, str], ...] = ()
    added: tuple[str, ...] = ()
    flags: tuple[Flag, ...] = ()
    checked: frozenset[Flag] = frozenset()
    reruns: tuple[Rerun, ...] = ()
    corrections: ChooseCorrections = field(default_factory=ChooseCorrections)

    @property
    def labels(self) -> tuple[str, ...]:
        """The speakers there are."""
        return (*(speaker.label for speaker in self.raw.speakers), *self.added)

    def place_of(self, number: int) -> int:
        """Where in `passages` a segment stands.

        Raises:
            UnknownName: There is none of that number, or no longer.
        """
        place = next((place for place, one in enumerate(self.passages) if one.id == number), None)
        if place is None:
            raise UnknownName("segment", str(number), [str(one.id) for one in self.passages[:20]])
        return place

    def with_passages(self, first: int, end: int, passages: Sequence[Passage]) -> Edited:
        """With others in the place of those from `first` to before `end`."""
        found = (*self.passages[:first], *passages, *self.passages[end:])
        return replace(self, passages=found, next_id=max([self.next_id, *(one.id + 1 for one in passages)]))


def begin(raw: Transcript) -> Edited:
    """Before the first edit."""
    passages = new_passages(raw.segments, 0)
    return Edited(raw=raw, passages=passages, next_id=len(passages), flags=raw.flags)


def apply_edits(raw: Transcript, history: Sequence[Edit | Undo | Redo]) -> Edited:
    """What a transcript is after its history.

    Raises:
        UsageError: An entry cannot be applied to what the ones before it left.
    """
    states = [begin(raw)]
    undone: list[Edited] = []
    for entry in history:
        if isinstance(entry, Undo):
            if len(states) == 1:
                raise UsageError("There is nothing to undo.", hint="No edit was made, or all are undone.")
            undone.append(states.pop())
        elif isinstance(entry, Redo):
            if not undone:
                raise UsageError("There is nothing to do again.", hint="Undo comes first, and no edit after it.")
            states.append(undone.pop())
        else:
            states.append(apply_edit(states[-1], entry))
            undone.clear()
    return states[-1]


def apply_edit(state: Edited, edit: Edit) -> Edited:
    """What a transcript is after one more edit.

    Raises:
        UsageError: It cannot be applied.
    """
    match edit:
        case SetText() | SplitSegment() | MergeWithNext() | RefuseChange():
            return _with_segment_edited(state, edit)
        case ReplaceSegments():
            return _replaced(state, edit)
        case NameSpeaker() | AssignSpeaker():
            return _with_speaker(state, edit)
        case CheckFlag():
            return _checked(state, edit)
        case ChooseCorrections():
            propose("", edit.rules)  # says what cannot be chosen
            _check_text(*(word for pair in edit.replacements for word in pair))
            return replace(state, corrections=edit)


def _with_segment_edited(state: Edited, edit: SetText | SplitSegment | MergeWithNext | RefuseChange) -> Edited:
    place = state.place_of(edit.segment)
    passage = state.passages[place]
    match edit:
        case SetText():
            _check_text(edit.text)
            return state.with_passages(place, place + 1, [with_text(passage, edit.text)])
        case SplitSegment():
            halves = split_passage(passage, edit.at, edit.seconds, state.next_id)
            return state.with_passages(place, place + 1, halves)
        case MergeWithNext():
            if place + 1 == len(state.passages):
                raise UsageError("There is no segment after this one.", hint="Choose the first of the two.")
            merged = merge_passages(passage, state.passages[place + 1], state.next_id)
            return state.with_passages(place, place + 2, [merged])
        case RefuseChange():
            changed = with_refusal(passage, edit.change, refused=edit.refused)
            return state.with_passages(place, place + 1, [changed])


def _replaced(state: Edited, edit: ReplaceSegments) -> Edited:
    rerun = edit.rerun
    if edit.segments:
        first = state.place_of(edit.segments[0])
        end = first + len(edit.segments)
        if tuple(one.id for one in state.passages[first:end]) != edit.segments:
            raise UsageError("These segments do not follow each other.", hint="Choose neighbours, in order.")
    else:
        middle = (rerun.start + rerun.end) / 2
        first = end = sum(one.middle < middle for one in state.passages)
    speakers = {one.speaker for one in state.passages[first:end]}
    segments = rerun.segments
    if len(speakers) == 1:
        segments = tuple(replace(one, speaker=next(iter(speakers))) for one in segments)
    elif state.raw.turns:
        segments = label_segments(segments, state.raw.turns)
    changed = state.with_passages(first, end, new_passages(segments, state.next_id))
    flags = [flag for flag in state.flags if not _lies_in(flag, rerun)]
    flags = sorted([*flags, *rerun.flags], key=lambda flag: (flag.start, flag.end))
    return replace(changed, flags=tuple(flags), reruns=(*state.reruns, rerun))


def _lies_in(flag: Flag, rerun: Rerun) -> bool:
    return flag.start >= rerun.start - _SAME_PLACE_SECONDS and flag.end <= rerun.end + _SAME_PLACE_SECONDS


def _with_speaker(state: Edited, edit: NameSpeaker | AssignSpeaker) -> Edited:
    if isinstance(edit, NameSpeaker):
        if edit.label not in state.labels:
            raise UnknownName("speaker", edit.label, state.labels)
        _check_text(edit.name)
        return replace(state, names=(*(pair for pair in state.names if pair[0] != edit.label), (edit.label, edit.name)))
    _check_text(edit.label)
    new = [one for one in edit.label.split(TOGETHER) if one and one not in state.labels]
    place = state.place_of(edit.segment)
    changed = state.with_passages(place, place + 1, [replace(state.passages[place], speaker=edit.label)])
    return replace(changed, added=(*state.added, *new))


def _checked(state: Edited, edit: CheckFlag) -> Edited:
    if edit.flag not in state.flags:
        raise UsageError("There is no such place to check, or no longer.", hint="Look at the list again.")
    if edit.flag.kind == "not_transcribed":
        raise UsageError("That part was never transcribed.", hint="Transcribe it; then it is off the list.")
    others = state.checked - {edit.flag}
    return replace(state, checked=others | {edit.flag} if edit.checked else others)


def _check_text(*texts: str) -> None:
    for text in texts:
        try:
            text.encode()
        except UnicodeEncodeError:
            raise UsageError("The text holds half a character (a lone surrogate).", hint="Write it again.") from None
