"""What has been heard of a recording while it is still being transcribed."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from workbench.engines.base import Segment
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import join_texts

_SECONDS_BETWEEN_VIEWS = 0.4


@dataclass(slots=True)
class Draft:
    """What has been heard so far.

    Attributes:
        seconds: Length of the recording; None where it is not known.
        segments: In order.
        paragraphs: A text for every chunk that has one.
        ends: Where every chunk ends, in seconds.
        shown: When it was last shown, by the monotonic clock.
    """

    seconds: float | None
    segments: list[Segment] = field(default_factory=list[Segment])
    paragraphs: list[str] = field(default_factory=list[str])
    ends: list[float] = field(default_factory=list[float])
    shown: float = 0.0

    def is_due(self) -> bool:
        """Whether it should be shown again: every view carries all the text, so a fast engine's are thinned out."""
        now = time.monotonic()
        if now - self.shown < _SECONDS_BETWEEN_VIEWS:
            return False
        self.shown = now
        return True

    def add(self, chunk: ChunkDone) -> None:
        self.segments += chunk.segments
        self.ends.append(chunk.end)
        text = join_texts(segment.text for segment in chunk.segments)
        if text:
            self.paragraphs.append(text)

    @property
    def text(self) -> str:
        """A paragraph for every chunk, so that an hour is not one wall of text."""
        return "\n\n".join(self.paragraphs)
