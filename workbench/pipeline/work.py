"""The chunks of one recording, one after the other, as events."""

from __future__ import annotations

import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import partial
from statistics import median

from workbench.audio.clip import AudioClip
from workbench.engines.base import Segment
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.ahead import Engines
from workbench.pipeline.draft import Draft
from workbench.pipeline.hearing import Hearing, Use
from workbench.pipeline.journal import TranscriptJournal
from workbench.pipeline.opening import Opening
from workbench.pipeline.stretch import ChunkHeard, fullness, speech_within
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

LONG_SECONDS = 20.0
"""Work below which more engines are not worth loading: that takes 2 to 3 s each time."""

TranscribeEvent = Opening | Surveying | ChunkDone | Transcript


class Work:
    """Transcribes what is not done yet; the chunks of an earlier try come first.

    Args:
        pool: Where the engine comes from.
        ref: Which engine.
        survey: Of the recording.
        hearing: Transcribes them.
        draft: Takes the chunks.
        journal: Where each finished chunk is kept; None keeps none.
        opening: The first chunk, where it was heard before the survey.
        engines: How many engines do the work where it takes long; more than one, only of a kind that tells times.
    """

    def __init__(
        self,
        pool: EnginePool,
        ref: EngineRef,
        survey: Survey,
        hearing: Hearing,
        draft: Draft,
        journal: TranscriptJournal | None,
        *,
        opening: ChunkHeard | None = None,
        engines: int = 1,
    ) -> None:
        self._engines, self._opening = engines, opening
        self._pool, self._ref, self._survey, self._hearing = pool, ref, survey, hearing
        self._draft, self._journal = draft, journal
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
        with closing(self._rest(len(done))) as rest:
            for chunk in rest:
                self._worked_seconds += self._survey.chunks[chunk.index].duration
                self._learn(chunk)
                if self._journal is not None:
                    try:
                        self._journal.append(chunk)
                    except (OSError, ValueError):  # a full disk: the text is still delivered, only not kept meanwhile
                        self._journal.close()
                        self._journal = None
                yield chunk

    def _rest(self, index: int) -> Generator[ChunkHeard, None, None]:
        """From a chunk on: with the pool's engine, and once others are loaded, if it takes long, with those."""
        total = len(self._survey.chunks)
        if index == total:
            return
        opened = self._opening if index == 0 else None
        yield (first := opened or self._transcribed(index))  # the first text waits for nothing
        index += 1
        if self._engines < 2 or not self._is_long(first, index):
            yield from map(self._transcribed, range(index, total))
            return
        with Engines(self._pool, self._ref, self._engines) as engines:
            while index < total and not engines.ready:
                yield self._transcribed(index)
                index += 1
            with closing(engines.each(map(self._cut, range(index, total)), self._transcribed_beside)) as rest:
                yield from rest

    def _is_long(self, first: ChunkHeard, index: int) -> bool:
        """Whether what comes from a chunk on is worth loading engines, at the pace of the first one."""
        pace = first.measurement.wall_seconds / (first.end - first.start)
        return pace * sum(chunk.duration for chunk in self._survey.chunks[index:]) > LONG_SECONDS

    def _cut(self, index: int) -> tuple[int, AudioClip]:
        return index, self._survey.cut(self._survey.chunks[index])

    def _transcribed(self, index: int) -> ChunkHeard:
        usual = median(self._fullness) if len(self._fullness) >= _FEWEST_USUAL else None
        return self._hearing.chunk(*self._cut(index), self._survey, partial(self._pool.use, self._ref), usual)

    def _transcribed_beside(self, cut: tuple[int, AudioClip], use: Use) -> ChunkHeard:
        """In a thread of its own. What is usual is not known, and not needed where there are times (`stretch.hear`)."""
        chunk = self._hearing.chunk(*cut, self._survey, use)
        cost = chunk.measurement
        return replace(
            chunk, measurement=replace(cost, wall_seconds=cost.wall_seconds / self._engines, kind="concurrent")
        )

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
