"""From a recording to a transcript: chain, chunks, engine, merge."""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from functools import partial
from pathlib import Path

from workbench.audio.clip import AudioClip
from workbench.audio.steps import Chain
from workbench.audio.stream import FileSound
from workbench.audio.vad import warm_up
from workbench.engines.base import DecodeOptions, Engine, EngineInfo, Hypothesis
from workbench.engines.pool import EnginePool
from workbench.engines.registry import EngineRef
from workbench.errors import UsageError
from workbench.pipeline.draft import NO_SPEECH, Draft
from workbench.pipeline.hearing import Hearing, Use
from workbench.pipeline.journal import TranscriptJournal, kept_beginnings
from workbench.pipeline.measurement import Measurement, combined
from workbench.pipeline.meter import Meter, shared_by_length
from workbench.pipeline.opening import Opening, begins_alike, survey_opening
from workbench.pipeline.stretch import ChunkHeard, Heard
from workbench.pipeline.survey import Survey, Surveying, survey_clip, survey_file
from workbench.pipeline.transcript import Transcript
from workbench.pipeline.work import ChunkDone, TranscribeEvent, Work

__all__ = [
    "NO_SPEECH",
    "ChunkDone",
    "Opening",
    "Surveying",
    "TranscribeEvent",
    "resolve_options",
    "transcribe_clip",
    "transcribe_clips",
    "transcribe_recording",
]


def resolve_options(info: EngineInfo, options: DecodeOptions) -> tuple[DecodeOptions, tuple[str, ...]]:
    """Options as the engine can use them, and warnings where they differ from what was asked.

    Raises:
        UnknownName: No such language.
        UsageError: A language or option that the engine does not have.
    """
    info.validated(options.extra)
    language, warnings = info.resolve_language(options.language)
    if options.context and "context" not in info.capabilities:
        warnings += (f"{info.name} takes no context; the hot words were not used.",)
        options = replace(options, context="")
    if options.word_times and "word_timestamps" not in info.capabilities:
        warnings += (f"{info.name} has no times of words. {info.word_times_hint}".rstrip(),)
        options = replace(options, word_times=False)
    return replace(options, language=language), warnings


def transcribe_clips(
    engine: Engine,
    clips: Sequence[AudioClip],
    *,
    chain: Chain,
    options: DecodeOptions,
    max_seconds: float | None,
    meter: Meter,
) -> list[Transcript]:
    """Transcribe whole clips together, one transcript each, in order; what a benchmark measures.

    Clips go to the engine as they are unless they are longer than `max_seconds`; then they are cut at pauses. What
    runs out of tokens is not tried again, and nothing is flagged but that: a benchmark measures the engine.

    Args:
        engine: Loaded, with the device held by the caller.
        clips: Recordings at any rate.
        chain: Preprocessing; its time is measured with the engine's.
        options: Already resolved for this engine.
        max_seconds: The longest stretch the engine is given; None for no limit.
        meter: For the device the engine is on.
    """
    whole = sum(clip.duration for clip in clips)
    with meter.measure(audio_seconds=whole, batch_size=len(clips), engine=engine) as reading:
        surveys = [survey_clip(clip, engine.info, chain, max_seconds=max_seconds, find_speech=False) for clip in clips]
        cuts = [survey.cut(chunk) for survey in surveys for chunk in survey.chunks]
        heard: list[Hypothesis] = []
        for first in range(0, len(cuts), len(clips)):
            heard += engine.transcribe(cuts[first : first + len(clips)], options)
    answers = iter(heard)
    shares = shared_by_length(reading.result, [clip.duration for clip in clips])
    return [
        _measured(survey, [next(answers) for _ in survey.chunks], engine.info, chain, share)
        for survey, share in zip(surveys, shares, strict=True)
    ]


def _measured(
    survey: Survey, answers: Sequence[Hypothesis], info: EngineInfo, chain: Chain, cost: Measurement
) -> Transcript:
    draft = Draft(replace(survey, speech=()), info, chain)
    for index, (chunk, answer) in enumerate(zip(survey.chunks, answers, strict=True)):
        heard = (Heard(start=chunk.start, end=chunk.end, hypothesis=answer),)
        draft.add(ChunkHeard(index=index, start=chunk.start, end=chunk.end, heard=heard, measurement=cost))
    return draft.transcript(cost)


def transcribe_clip(
    pool: EnginePool,
    ref: EngineRef,
    clip: AudioClip,
    *,
    chain: Chain,
    options: DecodeOptions,
    chunk_seconds: float | None = None,
    overlap_seconds: float = 0.0,
) -> Generator[TranscribeEvent, None, None]:
    """Transcribe a recording in memory; see `transcribe_recording`."""
    yield from transcribe_recording(
        pool, ref, clip, chain=chain, options=options, chunk_seconds=chunk_seconds, overlap_seconds=overlap_seconds
    )


def transcribe_recording(
    pool: EnginePool,
    ref: EngineRef,
    sound: AudioClip | FileSound,
    *,
    chain: Chain,
    options: DecodeOptions,
    chunk_seconds: float | None = None,
    overlap_seconds: float = 0.0,
    journals: Path | None = None,
    hold_samples: int = 0,
    engines: Callable[[EngineInfo], int] | None = None,
) -> Generator[TranscribeEvent, None, None]:
    """Transcribe one recording of any length chunk by chunk; the last event is the `Transcript`.

    Stretches without speech are not given to the engine. A chunk that runs out of tokens is cut in two and decoded
    again. The device is held for one call at a time. Closing the generator cancels.

    Args:
        pool: Where the engine comes from.
        ref: Which engine.
        sound: The recording at any rate, in memory or as a file that is read as a stream.
        chain: Preprocessing.
        options: As asked for; resolved here.
        chunk_seconds: The longest stretch the engine is given; None is what the engine says serves it best.
        overlap_seconds: What is heard twice where a cut lies in the middle of speech.
        journals: Where finished chunks are kept until the transcript was delivered; None keeps none.
        hold_samples: A file of no more samples is held in memory once it is looked through.
        engines: How many engines serve this machine, asked once the pool's is loaded: so many are loaded beside the
            work where that takes long. None is the pool's alone. The text is the same.

    Yields:
        The `Opening` of a long file, where it can be told and is not kept from an earlier try; `Surveying` while the
        file is looked through, `ChunkDone` for every stretch, then the `Transcript`. What was kept is deleted when the
        generator goes on after it; until then it holds no sound and no lock.

    Raises:
        UsageError: An option that cannot be used.
        AudioError: The file cannot be read to its end.
        EngineError: The engine cannot run here, or failed.
    """
    info = pool.get(ref).info
    options, warnings = resolve_options(info, options)
    longest = min(chunk_seconds or info.chunk_seconds, info.max_seconds or float("inf"))
    if not 0 <= overlap_seconds <= longest / 2:
        raise UsageError(
            f"An overlap of {overlap_seconds:g} s does not fit chunks of {longest:g} s.",
            hint="Use at most half of a chunk.",
        )
    meter = Meter(info.device, info.runtime)
    hearing = Hearing(options, meter)
    warm_up()
    opening = opened = None
    if isinstance(sound, FileSound):
        opening = survey_opening(sound, info, chain, max_seconds=longest, overlap_seconds=overlap_seconds)
    if opening is not None:
        opened = yield from _opened(opening, hearing, partial(pool.use, ref), journals)
    if isinstance(sound, FileSound) and hold_samples:
        sound = sound.clip(hold_samples) or sound
    with meter.measure(audio_seconds=0, engine=pool.get(ref)) as reading:
        survey = yield from _surveyed(sound, info, chain, longest, overlap_seconds)
    cost = reading.result
    if opening is not None and opened is not None and not begins_alike(opening, survey):
        cost, opened = combined([cost, opened.measurement]), None
    draft = Draft(survey, info, chain, warnings=warnings, cost=cost)
    kept = None
    if journals is not None and len(survey.chunks) > 1:
        kept = _kept(journals, _decides(survey, info, ref, options, chain), survey)
    try:
        count = engines(info) if engines is not None and "timestamps" in info.capabilities else 1
        yield from Work(pool, ref, survey, hearing, draft, kept, opening=opened, engines=count).events()
        whole = draft.transcript()
        if kept is not None:
            kept.close()
        del sound, survey, opening, draft
        yield whole
        if kept is not None:
            kept.delete()
    finally:
        if kept is not None:
            kept.close()


def _opened(
    opening: Survey, hearing: Hearing, use: Use, journals: Path | None
) -> Generator[Opening, None, ChunkHeard | None]:
    """The first chunk, told as the opening; None where an earlier try began with the same sound, and may have it."""
    first = opening.cut(opening.chunks[0])
    if journals is not None and first.digest in kept_beginnings(journals):
        return None
    chunk = hearing.chunk(0, first, opening, use)
    segments = tuple(part for one in chunk.heard for part in one.segments(chunk.end))
    yield Opening(start=chunk.start, end=chunk.end, segments=segments)
    return chunk


def _surveyed(
    sound: AudioClip | FileSound, info: EngineInfo, chain: Chain, longest: float, overlap: float
) -> Generator[Surveying, None, Survey]:
    if isinstance(sound, AudioClip):
        return survey_clip(sound, info, chain, max_seconds=longest, overlap_seconds=overlap)
    return (yield from survey_file(sound, info, chain, max_seconds=longest, overlap_seconds=overlap))


def _decides(
    survey: Survey, info: EngineInfo, ref: EngineRef, options: DecodeOptions, chain: Chain
) -> dict[str, object]:
    """What the texts of the chunks depend on, besides where they are cut."""
    return {
        "sound": survey.recording.digest,
        "engine": [str(ref), info.model_id, info.revision, info.device, info.dtype],
        "options": asdict(options) | {"extra": asdict(info.validated(options.extra))},
        "chain": str(chain),
    }


def _kept(home: Path, decides: dict[str, object], survey: Survey) -> TranscriptJournal | None:
    """The journal; None where there can be none: to be transcribed matters more than to be kept."""
    beginning = survey.cut(survey.chunks[0]).digest
    with suppress(OSError):
        return TranscriptJournal(home, decides, survey.chunks, beginning=beginning)
    return None
