"""Edits in words: what undo would take back."""

from __future__ import annotations

from collections.abc import Mapping

from workbench.pipeline.edits import (
    AssignSpeaker,
    CheckFlag,
    ChooseCorrections,
    Edit,
    MergeWithNext,
    NameSpeaker,
    RefuseChange,
    ReplaceSegments,
    SetText,
    SplitSegment,
)
from workbench.ui import format as written
from workbench.ui.labels import ENGLISH, Labels


def edit_words(edit: Edit, starts: Mapping[int, float], labels: Labels = ENGLISH) -> str:
    """What an edit is about, as a few words.

    Args:
        edit: The edit.
        starts: Where each segment begins, by number, in seconds; of those that are no longer there too, where known.
        labels: Words.
    """
    match edit:
        case SetText():
            return labels.edit_text.format(time=_time(edit.segment, starts))
        case SplitSegment():
            return labels.edit_split.format(time=_time(edit.segment, starts))
        case MergeWithNext():
            return labels.edit_merge.format(time=_time(edit.segment, starts))
        case ReplaceSegments():
            return labels.edit_again.format(time=written.clock(edit.rerun.start, decimals=1))
        case NameSpeaker():
            return labels.edit_name.format(label=edit.label)
        case AssignSpeaker():
            return labels.edit_speaker.format(time=_time(edit.segment, starts))
        case CheckFlag():
            return labels.edit_check.format(time=written.clock(edit.flag.start, decimals=1))
        case ChooseCorrections():
            return labels.edit_corrections
        case RefuseChange():
            return labels.edit_refusal.format(change=edit.change.after or edit.change.before)


def _time(number: int, starts: Mapping[int, float]) -> str:
    return written.clock(starts.get(number), decimals=1)
