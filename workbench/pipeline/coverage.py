"""What became of every second of a recording."""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from workbench.audio.segment import Span

FlagKind = Literal["cut_off", "no_text", "not_transcribed", "too_long", "too_short", "loop", "phrase", "seam", "leak"]
"""Why a place should be looked at. Text is missing: `cut_off` (the engine ran out of tokens), `no_text` (speech, and
none was written), `not_transcribed` (the work was stopped before). Text is doubtful: `too_long` and `too_short` for the
speech there, `loop`, `phrase` (what Whisper writes on silence), `seam` (two stretches could not be fitted together),
`leak` (hot words where nobody said them)."""

MISSING: frozenset[FlagKind] = frozenset({"cut_off", "no_text", "not_transcribed"})
"""The kinds that make a transcript incomplete."""

Kind = Literal["transcribed", "silence", "flagged"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A place to check.

    Attributes:
        start: Seconds into the recording.
        end: The same.
        kind: Why.
        sentence: The same for people, without the times.
    """

    start: float
    end: float
    kind: FlagKind
    sentence: str

    @property
    def is_missing(self) -> bool:
        """Whether text is missing there, rather than doubtful."""
        return self.kind in MISSING


@dataclass(frozen=True, slots=True, kw_only=True)
class Stretch:
    """A part of a recording of which one thing holds.

    Attributes:
        start: Seconds into the recording.
        end: The same; the next stretch starts there.
        kind: `transcribed`; `silence`, in which nobody speaks; `flagged`, as a `Flag` says why.
    """

    start: float
    end: float
    kind: Kind


def cover(duration: float, transcribed: Iterable[Span], flags: Iterable[Flag]) -> tuple[Stretch, ...]:
    """The recording from 0 to `duration` without a gap or an overlap, neighbours of a kind as one.

    Args:
        duration: In seconds.
        transcribed: What the engine has heard.
        flags: Places to check; they win over what else is known of them.
    """
    painted: list[tuple[tuple[float, float], Kind]] = [
        *((_clipped(one.start, one.end, duration), "transcribed") for one in transcribed),
        *((_clipped(one.start, one.end, duration), "flagged") for one in flags),
    ]
    edges = sorted({0.0, duration, *(edge for span, _ in painted for edge in span)})
    kinds: list[Kind] = ["silence"] * (len(edges) - 1)
    for (start, end), kind in painted:
        first, last = bisect_left(edges, start), bisect_left(edges, end)
        for place in range(first, last):
            kinds[place] = kind
    tiles: list[Stretch] = []
    for place, kind in enumerate(kinds):
        if tiles and tiles[-1].kind == kind:
            tiles[-1] = Stretch(start=tiles[-1].start, end=edges[place + 1], kind=kind)
        else:
            tiles.append(Stretch(start=edges[place], end=edges[place + 1], kind=kind))
    return tuple(tiles)


def _clipped(start: float, end: float, duration: float) -> tuple[float, float]:
    start = min(max(start, 0.0), duration)
    return start, min(max(end, start), duration)
