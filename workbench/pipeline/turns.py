"""Turns of speaking, and the people who have them."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

SpeakerCount = int | Literal["auto"]
"""How many people speak in a recording, or that it is to be estimated."""

TOGETHER = "+"
"""Between the labels of speakers whose words cannot be told apart: `1+2`."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Turn:
    """Somebody speaks. Turns overlap where people speak at once.

    Attributes:
        start: Seconds into the recording.
        end: The same, after `start`.
        speaker: A label: "1", "2", … in the order in which they are first heard.
    """

    start: float
    end: float
    speaker: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Speaker:
    """A voice of a recording.

    Attributes:
        label: As in `Turn.speaker` and `Segment.speaker`.
        name: What a reader is shown.
        seconds: How long they speak.
    """

    label: str
    name: str
    seconds: float


def speakers_of(turns: Iterable[Turn]) -> tuple[Speaker, ...]:
    """Who has these turns, in the order of their labels, with a name that says no more than the label."""
    seconds: dict[str, float] = defaultdict(float)
    for turn in turns:
        seconds[turn.speaker] += turn.end - turn.start
    labels = sorted(seconds, key=lambda label: (len(label), label))
    return tuple(Speaker(label=label, name=f"Speaker {label}", seconds=seconds[label]) for label in labels)


def shown_name(label: str, speakers: Iterable[Speaker]) -> str:
    """The name for a label, the names for several together, each once; empty for an empty one."""
    names = {speaker.label: speaker.name for speaker in speakers}
    together = dict.fromkeys(names.get(one, one) for one in label.split(TOGETHER))
    return f" {TOGETHER} ".join(together) if label else ""
