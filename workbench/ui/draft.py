"""What has been heard of a recording while it is still being transcribed."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field

from workbench.engines.base import Segment
from workbench.pipeline.transcribe import ChunkDone
from workbench.pipeline.transcript import Transcript, join_texts

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
        last: The chunk that came last.
        kept_until: Where an earlier try was stopped, in seconds; 0 where nothing of one was kept.
        opening: The first text, to be seen while the recording is still looked through.
    """

    seconds: float | None
    segments: list[Segment] = field(default_factory=list[Segment])
    paragraphs: list[str] = field(default_factory=list[str])
    ends: list[float] = field(default_factory=list[float])
    shown: float = 0.0
    last: ChunkDone | None = None
    kept_until: float = 0.0
    opening: tuple[Segment, ...] = ()

    def is_due(self) -> bool:
        """Whether it should be shown again: every view carries all the text, so a fast engine's are thinned out."""
        now = time.monotonic()
        if now - self.shown < _SECONDS_BETWEEN_VIEWS:
            return False
        self.shown = now
        return True

    def add(self, chunk: ChunkDone) -> None:
        """The next chunk. One that has no pace yet was kept from an earlier try: nothing was worked on before it."""
        if chunk.eta_seconds is None and chunk.elapsed_seconds is not None:
            self.kept_until = chunk.end
        self.last = chunk
        self.seconds = chunk.duration_seconds or self.seconds
        self.segments += chunk.segments
        self.ends.append(chunk.end)
        text = join_texts(segment.text for segment in chunk.segments)
        if text:
            self.paragraphs.append(text)

    @property
    def is_begun(self) -> bool:
        """Whether there is something to see of it."""
        return bool(self.last or self.opening)

    @property
    def shown_segments(self) -> Sequence[Segment]:
        """Those of the chunks, or before the first one, of the opening."""
        return self.segments if self.last is not None else self.opening

    def is_new(self) -> bool:
        """Whether the chunk that came last was transcribed in this try."""
        return self.last is not None and self.last.end > self.kept_until

    @property
    def text(self) -> str:
        """A paragraph for every chunk, so that an hour is not one wall of text."""
        return "\n\n".join(self.paragraphs)

    @property
    def reached(self) -> float:
        """Where the last chunk ends, in seconds."""
        return self.last.end if self.last is not None else 0.0

    @property
    def share(self) -> float:
        """How much of the recording is done, 0 … 1."""
        if self.last is None:
            return 0.0
        return min(1.0, self.last.end / self.seconds) if self.seconds else (self.last.index + 1) / self.last.total

    def so_far(self) -> Transcript | None:
        """The transcript up to here, with the rest marked as missing; None before the first chunk."""
        return self.last.so_far() if self.last is not None and self.last.so_far is not None else None
