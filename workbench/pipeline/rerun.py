"""A part of a recording transcribed once more."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace

from workbench.audio.clip import AudioClip
from workbench.audio.segment import Span
from workbench.audio.steps import Chain
from workbench.engines.base import DecodeOptions, Segment
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.pipeline.coverage import Flag
from workbench.pipeline.measurement import Measurement
from workbench.pipeline.transcribe import NO_SPEECH, transcribe_clip
from workbench.pipeline.transcript import Transcript, join_texts, warning_of
from workbench.pipeline.words import bound_segment, cut_segment
from workbench.pipeline.work import ChunkDone

PADDING_SECONDS = 0.3
"""Heard before and after a part, so that its first and last word are whole; what is said there is dropped by the times
of words. An engine without them hears the part alone."""

NO_SPEECH_HERE = "No speech was found in a part that was transcribed again."


@dataclass(frozen=True, slots=True, kw_only=True)
class Rerun:
    """What was heard in a part of a recording, and by whom.

    Attributes:
        start: Seconds into the recording.
        end: The same.
        segments: In times of the recording, none of them beyond the part.
        flags: Places in it to check.
        engine: Name, and model where one was chosen.
        model_id: Which weights.
        chain: Preprocessing; it heard the part and nothing else of the recording.
        asked_language: As asked for; None let the engine decide.
        language: As the engine said.
        context: Names and terms to expect.
        warnings: What a reader should check.
        measurement: What it cost.
    """

    start: float
    end: float
    segments: tuple[Segment, ...]
    flags: tuple[Flag, ...] = ()
    engine: str
    model_id: str
    chain: str = ""
    asked_language: str | None = None
    language: str | None = None
    context: str = ""
    warnings: tuple[str, ...] = ()
    measurement: Measurement | None = None

    @property
    def text(self) -> str:
        return join_texts(segment.text for segment in self.segments)


RerunEvent = ChunkDone | Rerun


def transcribe_part(
    pool: EnginePool,
    ref: EngineRef,
    clip: AudioClip,
    part: Span,
    *,
    chain: Chain,
    options: DecodeOptions,
    chunk_seconds: float | None = None,
    overlap_seconds: float = 0.0,
) -> Generator[RerunEvent, None, None]:
    """Transcribe a part of a recording; the last event is the `Rerun`. Arguments as `transcribe_clip`.

    Args:
        pool: Where the engine comes from.
        ref: Which engine.
        clip: The part and what surrounds it; its `offset_seconds` says where it lies in the recording.
        part: In seconds of the recording. Words whose middle lies outside are dropped.
        chain: Preprocessing.
        options: As asked for.
        chunk_seconds: The longest stretch the engine is given.
        overlap_seconds: What is heard twice where a cut lies in the middle of speech.
    """
    offset = clip.offset_seconds
    heard = transcribe_clip(
        pool,
        ref,
        replace(clip, offset_seconds=0.0),
        chain=chain,
        options=options,
        chunk_seconds=chunk_seconds,
        overlap_seconds=overlap_seconds,
    )
    with closing(heard):
        for event in heard:
            if isinstance(event, Transcript):
                yield _rerun(event, ref, part, offset, options)
            elif isinstance(event, ChunkDone):
                yield replace(
                    event,
                    start=event.start + offset,
                    end=event.end + offset,
                    segments=tuple(one.shifted(offset) for one in event.segments),
                    so_far=None,  # half of a part replaces nothing
                )


def _rerun(heard: Transcript, ref: EngineRef, part: Span, offset: float, options: DecodeOptions) -> Rerun:
    cut = (cut_segment(one.shifted(offset), part.start, part.end) for one in heard.segments)
    return Rerun(
        start=part.start,
        end=part.end,
        segments=tuple(bound_segment(one, part.start, part.end) for one in cut if one is not None and one.text.strip()),
        flags=tuple(flag for flag in (_shifted(one, offset, part) for one in heard.flags) if flag.start < flag.end),
        engine=str(ref),
        model_id=heard.model_id,
        chain=heard.chain,
        asked_language=options.language,
        language=heard.language,
        context=options.context,
        warnings=_warnings(heard),
        measurement=heard.measurement,
    )


def _warnings(heard: Transcript) -> tuple[str, ...]:
    """Those without a time, which would be that of the part alone; what has one is among the flags."""
    timed = {warning_of(flag) for flag in heard.flags}
    return tuple(NO_SPEECH_HERE if one == NO_SPEECH else one for one in heard.warnings if one not in timed)


def _shifted(flag: Flag, offset: float, part: Span) -> Flag:
    return replace(flag, start=max(flag.start + offset, part.start), end=min(flag.end + offset, part.end))
