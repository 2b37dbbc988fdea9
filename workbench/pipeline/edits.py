"""What a person did to a transcript, as values that can be kept, undone and done again.

A segment is named by a number: those of the engine by their place, from 0; one that an edit makes has the next number
that was never given. So an edit says which segment it means, whatever was done to others before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Discriminator

from workbench.pipeline.coverage import Flag
from workbench.pipeline.rerun import Rerun
from workbench.text.corrections import Change


@dataclass(frozen=True, slots=True, kw_only=True)
class SetText:
    """Another text for a segment; its times stay. An empty one leaves the segment out of what readers get."""

    segment: int
    text: str
    kind: Literal["set_text"] = "set_text"


@dataclass(frozen=True, slots=True, kw_only=True)
class SplitSegment:
    """Cut a segment in two before the character `at` of its text.

    Where the cut lies in time is told by `seconds`, else by the words, else by the share of the text.
    """

    segment: int
    at: int
    seconds: float | None = None
    kind: Literal["split"] = "split"


@dataclass(frozen=True, slots=True, kw_only=True)
class MergeWithNext:
    """A segment and the one after it as one; the first one's speaker is that of both."""

    segment: int
    kind: Literal["merge"] = "merge"


@dataclass(frozen=True, slots=True, kw_only=True)
class ReplaceSegments:
    """What was heard when a part was transcribed again, in the place of these neighbours; or of none, by its time."""

    segments: tuple[int, ...]
    rerun: Rerun
    kind: Literal["replace"] = "replace"


@dataclass(frozen=True, slots=True, kw_only=True)
class NameSpeaker:
    """What readers are shown for a label; an empty name gives the label's own back."""

    label: str
    name: str
    kind: Literal["name_speaker"] = "name_speaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class AssignSpeaker:
    """Give a segment to another speaker: one there is, a new label, or an empty one for nobody."""

    segment: int
    label: str
    kind: Literal["assign_speaker"] = "assign_speaker"


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckFlag:
    """Somebody looked at a flagged place; or, with `checked` false, has to look again."""

    flag: Flag
    checked: bool = True
    kind: Literal["check_flag"] = "check_flag"


@dataclass(frozen=True, slots=True, kw_only=True)
class ChooseCorrections:
    """Which corrections are on, and the reader's own list: what is written, and what should be."""

    rules: tuple[str, ...] = ()
    replacements: tuple[tuple[str, str], ...] = ()
    kind: Literal["corrections"] = "corrections"


@dataclass(frozen=True, slots=True, kw_only=True)
class RefuseChange:
    """Refuse one change of a segment's text as it is now; or, with `refused` false, have it after all.

    A refusal stays with the characters it is about, whatever is edited beside them; it ends when they are edited.
    """

    segment: int
    change: Change
    refused: bool = True
    kind: Literal["refuse"] = "refuse"


@dataclass(frozen=True, slots=True, kw_only=True)
class Undo:
    """Take the last edit back."""

    kind: Literal["undo"] = "undo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Redo:
    """Do the edit again that was taken back last."""

    kind: Literal["redo"] = "redo"


Edit = (
    SetText
    | SplitSegment
    | MergeWithNext
    | ReplaceSegments
    | NameSpeaker
    | AssignSpeaker
    | CheckFlag
    | ChooseCorrections
    | RefuseChange
)
Entry = Annotated[Edit | Undo | Redo, Discriminator("kind")]
"""One line of a transcript's history."""
