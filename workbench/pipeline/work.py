"""The chunks of one recording, one after the other, as events."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from statistics import median

from workbench.audio.clip import AudioClip
from workbench.engines.base import DecodeOptions, Hypothesis, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.draft import Draft
from workbench.pipeline.journal import TranscriptJournal
from workbench.pipeline.measurement import Measurement, combined
from workbench.pipeline.meter import Meter
from workbench.pipeline.stretch import ChunkHeard, fullness, hear, speech_within
from workbench.pipeline.survey import Survey, Surveying
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.units import spoken_units


@dataclass(frozen=True, slots=True, kw_only=True)
class ChunkDone:
    """One stretch of a recording is transcribed.

    Attributes:
        index: Which chunk, from 0.
        total: How many there are.
        start: Seconds into the recording.
        end: The same.
        segments: Its text with times of the recording.
        duration_seconds: Length of the recording; None where not known.
        elapsed_seconds: Since the work began, or went on; None where not known.
        eta_seconds: How long the rest will take at the pace so far; None where there is no pace yet.
        so_far: Makes the transcript up to here, marked incomplete unless this is the last chunk: what stays when the
            work is cancelled.
    """

    index: int
    total: int
    start: float
    end: float
    segments: tuple[Segment, ...]
    duration_seconds: float | None = None
    elapsed_seconds: float | None = None
    eta_seconds: float | None = None
    so_far: Callable[[], Transcript] | None = field(default=None, repr=False, compare=False)


_FEWEST_USUAL = 3
_LEAST_SPOKEN_SECONDS = 5.0
"""Chunks with less speech say nothing of what is usual."""

TranscribeEvent = Surveying | ChunkDone | Transcript


class Work:
    """Transcribes what is not done yet; the chunks of an earlier try come first.

    Args:
        pool: Where the engine comes from.
        ref: Which engine.
        survey: Of the recording.
        options: Resolved for the engine.
        meter: For the device the engine is on.
        draft: Takes the chunks.
        journal: Where each finished chunk is kept; None keeps none.
    """

    def __init__(
        self,
        pool: EnginePool,
        ref: EngineRef,
        survey: Survey,
        options: DecodeOptions,
        meter: Meter,
        draft: Draft,
        journal: TranscriptJournal | None,
    ) -> None:
        self._pool, self._ref, self._survey, self._options = pool, ref, survey, options
        self._meter, self._draft, self._journal = meter, draft, journal
        self._fullness: list[float] = []
        self._began = time.monotonic()
        self._worked_seconds = 0.0

    def events(self) -> Generator[ChunkDone, None, None]:
        """Every chunk, once nothing of it can change: one that the next overlaps waits for it."""
        waiting: int | None = None
        for chunk in self._chunks():
            self._draft.add(chunk)
            if waiting is not None:
                yield self._done(waiting)
            waiting = chunk.index
            if not self._overlaps_next(chunk.index):
                yield self._done(waiting)
                waiting = None

    def _chunks(self) -> Generator[ChunkHeard, None, None]:
        done = self._journal.done if self._journal is not None else []
        for chunk in done:
            self._learn(chunk)
            yield chunk
        for index in range(len(done), len(self._survey.chunks)):
            chunk = self._transcribed(index)
            self._learn(chunk)
            if self._journal is not None:
                try:
                    self._journal.append(chunk)
                except (OSError, ValueError):  # a full disk: the text is still delivered, only not kept meanwhile
                    self._journal.close()
                    self._journal = None
            yield chunk

    def _transcribed(self, index: int) -> ChunkHeard:
        span = self._survey.chunks[index]
        costs: list[Measurement] = []

        def call(clip: AudioClip) -> Hypothesis:
            with self._pool.use(self._ref) as engine, self._meter.measure(audio_seconds=clip.duration) as reading:
                (hypothesis,) = engine.transcribe([clip], self._options)
            costs.append(reading.result)
            return hypothesis

        speech = speech_within(self._survey.speech, span.start, span.end)
        usual = median(self._fullness) if len(self._fullness) >= _FEWEST_USUAL else None
        heard = hear(self._survey.cut(span), span, speech, call, usual)
        self._worked_seconds += span.duration
        cost = combined(costs)
        assert cost is not None, "the engine was called"
        return ChunkHeard(index=index, start=span.start, end=span.end, heard=tuple(heard), measurement=cost)

    def _learn(self, chunk: ChunkHeard) -> None:
        """How full this recording's chunks are, those of an earlier try too: so the text is the same."""
        spoken = sum(one.duration for one in speech_within(self._survey.speech, chunk.start, chunk.end))
        units = [unit for one in chunk.heard for unit in spoken_units(one.hypothesis.text)]
        if spoken >= _LEAST_SPOKEN_SECONDS and units:
            self._fullness.append(fullness(units, spoken))

    def _overlaps_next(self, index: int) -> bool:
        chunks = self._survey.chunks
        return index + 1 < len(chunks) and chunks[index + 1].start < chunks[index].end

    def _done(self, index: int) -> ChunkDone:
        chunks = self._survey.chunks
        elapsed = time.monotonic() - self._began
        left = sum(chunk.duration for chunk in chunks[index + 1 :])
        return ChunkDone(
            index=index,
            total=len(chunks),
            start=self._survey.placed(chunks[index].start),
            end=self._survey.placed(chunks[index].end),
            segments=self._draft.segments_of(index),
            duration_seconds=self._survey.recording.duration,
            elapsed_seconds=elapsed,
            eta_seconds=elapsed / self._worked_seconds * left if self._worked_seconds else None,
            so_far=self._draft.transcript,
        )
